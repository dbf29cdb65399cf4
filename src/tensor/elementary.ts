// exp, log, tanh, cos and sin in float64 from +, -, *, /, rounding and bit operations only. Math.exp and its kin may differ in
// the last bits from one JavaScript engine to another; these give the same bits everywhere, which results that must
// repeat (initial weights, schedules) rely on. Accurate to about 1 unit in the last place; slower than Math.*.
//
// Each reduces its argument to a short interval around 0, sums the Taylor series there until the rest is below 2^-56,
// and undoes the reduction. A constant c is split into HIGH + LOW, HIGH having so few bits that k * HIGH is exact.

/** ln 2. */
export const LN2_HIGH = 0.6931471803691238;
export const LN2_LOW = 1.9082149292705877e-10;
/** pi/2 in three parts of 33 bits, 33 bits, and the rest. */
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487959506e-21;
/** Beyond this many quarter turns, k * HALF_PI_1 would no longer be exact. */
const MOST_QUARTER_TURNS = 2 ** 20;

const scratch = new DataView(new ArrayBuffer(8));

/** e^x. With x = k ln 2 + r and |r| <= ln(2) / 2: e^x = 2^k e^r. */
export function exp(x: number): number {
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019412) return 0;
  if (Number.isNaN(x)) return x;
  const k = Math.round(x / Math.LN2);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const lost = high - r - low;
  // e^r = 1 + (r + r^2 (1/2! + r/3! + ...)): the small terms are summed first.
  return scale(1 + (r + (r * r * sumUp(EXP_TERMS, r) + lost)), k);
}

/** tanh x = (e^2x - 1) / (e^2x + 1). Near 0 the 1 of the upper exponential is left out of its series: nothing cancels. */
export function tanh(x: number): number {
  const y = 2 * Math.abs(x);
  if (y > 45) return Math.sign(x); // as near to 1 as float64 knows
  const above = y < Math.LN2 / 2 ? y + y * y * sumUp(EXP_TERMS, y) : exp(y) - 1;
  const value = above / (above + 2);
  return x < 0 ? -value : x === 0 ? x : value; // keeps the sign of -0
}

/** ln(1 + x). What 1 + x loses is made good by x / ((1 + x) - 1), which the rounding errors of both divide out of. */
export function log1p(x: number): number {
  const sum = 1 + x;
  if (sum === 1) return x;
  return sum === Number.POSITIVE_INFINITY ? sum : log(sum) * (x / (sum - 1));
}

/** The natural logarithm; NaN below 0. With x = 2^k m and sqrt(1/2) <= m < sqrt(2): ln x = k ln 2 + ln m. */
export function log(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (!(x > 0)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let k = 0;
  if (x < 2 ** -1022) {
    // A subnormal has no leading one to find: make it normal first.
    x *= 2 ** 54;
    k = -54;
  }
  scratch.setFloat64(0, x);
  const top = scratch.getUint32(0);
  k += (top >>> 20) - 1023;
  scratch.setUint32(0, (top & 0xfffff) | 0x3ff00000);
  let m = scratch.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    k += 1;
  }
  // With f = m - 1 (exact) and s = f / (2 + f): ln(1 + f) = 2 atanh(s) = 2s + R = f - s (f - R),
  // where R s = 2 (s^3/3 + s^5/5 + ...). The error of s then counts only in the second, smaller term.
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const series = sumUp(LOG_TERMS, z);
  return k * LN2_HIGH + (f - (s * (f - z * series) - k * LN2_LOW));
}

/** The cosine of x radians, |x| <= 1.6 million (a RangeError beyond). */
export function cos(x: number): number {
  return quarterTurns(x, 1);
}

/** The sine of x radians, |x| <= 1.6 million (a RangeError beyond). */
export function sin(x: number): number {
  return x === 0 ? x : quarterTurns(x, 0); // keeps the sign of -0
}

/** sin(x + ahead * pi/2). With x = k pi/2 + r and |r| <= pi/4 it is +-sin(r) or +-cos(r), by k + ahead modulo 4. */
function quarterTurns(x: number, ahead: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const k = Math.round(x / (Math.PI / 2));
  if (Math.abs(k) > MOST_QUARTER_TURNS) throw new RangeError(`sin and cos are for |x| <= 1.6 million, found ${x}`);
  const high = x - k * HALF_PI_1 - k * HALF_PI_2;
  const low = k * HALF_PI_3;
  const r = high - low;
  const lost = high - r - low;
  const turn = (k + ahead) & 3;
  const value = turn % 2 === 0 ? sinSeries(r, lost) : cosSeries(r, lost);
  return turn < 2 ? value : -value;
}

/** sin(r + lost) for |r| <= pi/4 and |lost| below the last bit of r. */
function sinSeries(r: number, lost: number): number {
  const z = r * r;
  const series = sumUp(SIN_TERMS, z);
  // The derivative of sin is cos = 1 - z/2 + ...
  return r + (r * z * series + lost * (1 - z / 2));
}

/** cos(r + lost) for |r| <= pi/4 and |lost| below the last bit of r. */
function cosSeries(r: number, lost: number): number {
  const z = r * r;
  const series = sumUp(COS_TERMS, z);
  // 1 - z/2 is rounded; what it lost is found exactly and joins the small terms.
  const half = z / 2;
  const head = 1 - half;
  return head + (1 - head - half + (z * z * series - r * lost));
}

/** terms[0] + terms[1] x + terms[2] x^2 + ..., the last and smallest first (Horner's rule). */
function sumUp(terms: readonly number[], x: number): number {
  let sum = 0;
  for (let n = terms.length - 1; n >= 0; n--) sum = sum * x + terms[n];
  return sum;
}

/** x * 2^k, in two steps where 2^k alone would be too large or too small. */
function scale(x: number, k: number): number {
  if (k > 1023) return x * 2 ** 1023 * powerOfTwo(k - 1023);
  if (k < -1022) return x * powerOfTwo(k + 1000) * 2 ** -1000;
  return x * powerOfTwo(k);
}

/** 2^k for -1022 <= k <= 1023, put together from its bits. */
function powerOfTwo(k: number): number {
  scratch.setUint32(0, (k + 1023) << 20);
  scratch.setUint32(4, 0);
  return scratch.getFloat64(0);
}

/** 1/2!, 1/3!, ..., of e^r for |r| <= ln(2) / 2. */
const EXP_TERMS = Array.from({ length: 13 }, (_, n) => 1 / factorial(n + 2));
/** 2/3, 2/5, ..., of 2 atanh(s) / s. */
const LOG_TERMS = Array.from({ length: 11 }, (_, n) => 2 / (2 * n + 3));
/** -1/3!, 1/5!, ..., of sin(r) / r. */
const SIN_TERMS = Array.from({ length: 9 }, (_, n) => (n % 2 === 0 ? -1 : 1) / factorial(2 * n + 3));
/** 1/4!, -1/6!, ..., of cos(r). */
const COS_TERMS = Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? 1 : -1) / factorial(2 * n + 4));

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
