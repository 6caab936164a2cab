import { byId, duration, fill, h, number } from './dom.js';

const COLUMNS = [
  ['Handler', (one) => [h('strong', {}, one.handler), h('span', { class: 'soft' }, `${one.source} · ${one.broker}`)]],
  ['State', (one) => [h('span', { class: `state ${one.shown}` }, one.shown)]],
  ['Handled', (one) => [`${number(one.handledPerSecond)}/s`, small(`${number(one.counts.handled)} in all`)]],
  ['Failed', (one) => [`${number(one.failedPerSecond)}/s`, small(`${number(one.counts.failed)} in all`)]],
  ['A call takes', (one) => [duration(one.callMs)]],
  ['Lag', (one) => [one.lagError ? h('span', { class: 'bad', title: one.lagError }, 'unknown') : number(one.lag)]],
  ['Held', (one) => [one.held.length === 0 ? '0' : h('span', { class: 'bad' }, number(one.held.length))]],
  ['Dead letters', (one) => [number(one.counts.deadLettered)]],
];

const small = (text) => h('small', { class: 'soft' }, text);

/** What is wrong with it, which says more than that it runs; notes are no state. */
const levelOf = ({ id }, problems) => {
  return problems.find(({ handler, level }) => handler === id && level !== 'note')?.level;
};

/** One row for each handler, and the messages that it holds below it. */
export class HandlersView {
  #open = new Set();
  #latest = [];
  #matches = () => true;
  #at = 0;

  /** States of now. */
  update({ handlers, problems, at }) {
    this.#latest = handlers.map((one) => ({ ...one, shown: levelOf(one, problems) ?? one.state }));
    this.#at = at;
    this.#draw();
  }

  /** Shows only those; returns how many. */
  filter(matches) {
    this.#matches = matches ?? (() => true);
    this.#draw();
    return this.#latest.filter(this.#matches).length;
  }

  /** Opens a handler's row and scrolls to it. */
  reveal(id) {
    this.#open.add(id);
    this.#draw();
    byId('handlers')
      .querySelector(`[data-handler="${CSS.escape(id)}"]`)
      ?.scrollIntoView({ block: 'center' });
  }

  #draw() {
    const shown = this.#latest.filter(this.#matches);
    const head = h(
      'tr',
      {},
      COLUMNS.map(([title]) => h('th', { scope: 'col' }, title)),
    );
    const rows = shown.flatMap((one) => [this.#row(one), this.#open.has(one.id) && this.#details(one)]);
    fill(
      byId('handlers'),
      h('table', { class: 'handlers' }, h('thead', {}, head), h('tbody', {}, rows)),
      shown.length === 0 && h('p', { class: 'soft' }, 'No handler is found.'),
    );
  }

  #row(one) {
    const toggle = () => {
      if (!this.#open.delete(one.id)) this.#open.add(one.id);
      this.#draw();
    };
    const cells = COLUMNS.map(([title, cell]) => h('td', { 'data-title': title }, cell(one)));
    return h('tr', { 'data-handler': one.id, class: 'row', onclick: toggle }, cells);
  }

  #details({ held, longest, behind, id }) {
    const facts = [
      h('p', { class: 'soft' }, id),
      longest && h('p', {}, `The longest call handles ${longest.message}, for ${duration(this.#at - longest.since)}.`),
      behind > 0 && h('p', {}, `${number(behind)} wait in this process for their turn.`),
      held.length === 0 && h('p', {}, 'It holds no message.'),
      held.map((one) => this.#heldMessage(one)),
    ];
    return h('tr', { class: 'details' }, h('td', { colspan: COLUMNS.length }, facts.flat()));
  }

  #heldMessage({ message, attempt, error, since, nextAt }) {
    const next = nextAt <= this.#at ? 'now' : `in ${duration(nextAt - this.#at)}`;
    return h(
      'div',
      { class: 'held' },
      h('strong', {}, message),
      ` failed ${attempt === 1 ? 'once' : `${attempt} times`} since ${duration(this.#at - since)} ago; next call ${next}`,
      h('pre', {}, error),
    );
  }
}
