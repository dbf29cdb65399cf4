// How a run is called where nobody has named it.

/** digits-2025-03-09-142530, local time: sorts by date. */
export function nameOfRun(recipe: string, date = new Date()): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${recipe}-${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
