// All runs: sorted by any column; those that are marked have their curves drawn; a name leads to all that is known of it.

import { count, duration, percent } from '../../../format.ts';
import type { RunView } from '../../protocol.ts';
import { seriesColour } from '../components/colours.ts';
import { StateBadge } from '../components/state-badge.tsx';
import { strings } from '../i18n/strings.ts';
import { language } from '../preferences.ts';
import { href } from '../router.ts';
import { type Column, columns, factsOf, numeric, type Order, sorted } from './run-facts.ts';

interface Props {
  readonly runs: readonly RunView[];
  readonly order: Order;
  onOrder(order: Order): void;
  /** Ids of the runs whose curves are drawn, in the order of their colours. */
  readonly marked: readonly string[];
  onMark(id: string, isMarked: boolean): void;
  /** The run shown below. */
  readonly open: string | undefined;
}

export function RunsTable({ runs, order, onOrder, marked, onMark, open }: Props) {
  const { runs: text } = strings.value;
  const sort = (column: Column) =>
    onOrder({ column, descending: order.column === column ? !order.descending : numeric.has(column) });
  return (
    <section class="scroll runs-table" aria-label={text.table}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col" class="column">
              <span class="visually-hidden">{text.curves}</span>
            </th>
            {columns.map((column) => (
              <th
                key={column}
                scope="col"
                class={`column ${numeric.has(column) ? 'number' : ''}`}
                aria-sort={order.column === column ? (order.descending ? 'descending' : 'ascending') : undefined}
              >
                <button type="button" class="column-button" onClick={() => sort(column)}>
                  {text.columns[column]}
                  <i class="column-arrow" aria-hidden="true">
                    {order.column === column ? (order.descending ? '↓' : '↑') : ''}
                  </i>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted(runs, order).map((run) => (
            <Row key={run.id} run={run} place={marked.indexOf(run.id)} onMark={onMark} isOpen={run.id === open} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps extends Pick<Props, 'onMark'> {
  readonly run: RunView;
  /** Among those marked; -1 where it is not. */
  readonly place: number;
  readonly isOpen: boolean;
}

function Row({ run, place, onMark, isOpen }: RowProps) {
  const { runs: text } = strings.value;
  const { id, name, group, state } = run;
  const { model, data, epochs, accuracy, loss, speed, time, created } = factsOf(run);
  const number = (value: unknown, format: (value: number) => string) => (
    <td class="number">{typeof value === 'number' ? format(value) : <span class="soft">–</span>}</td>
  );
  const date = new Intl.DateTimeFormat(language.value, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  });
  return (
    <tr class={isOpen ? 'open' : ''}>
      <td>
        <label class="mark">
          <input
            type="checkbox"
            checked={place >= 0}
            onChange={({ currentTarget }) => onMark(id, currentTarget.checked)}
            aria-label={text.draw(name)}
          />
          <i class="mark-line" style={{ background: place >= 0 ? `var(${seriesColour(place)})` : 'transparent' }} />
        </label>
      </td>
      <th scope="row" class="run-name">
        <a href={href('runs', isOpen ? {} : { run: id })} aria-expanded={isOpen}>
          {name}
        </a>
        {group && <small class="soft">{group}</small>}
      </th>
      <td>
        <StateBadge state={state} />
      </td>
      {number(accuracy, (value) => percent(value))}
      {number(loss, (value) => value.toFixed(4))}
      <td>{model}</td>
      <td>{data}</td>
      {number(epochs, (value) => `${value} / ${run.config?.epochs ?? '?'}`)}
      {number(speed, (value) => count(Math.round(value)))}
      {number(time, duration)}
      {number(created, (value) => date.format(value))}
    </tr>
  );
}
