import { byId, fill, h } from './dom.js';

const WORD = { stuck: 'Stuck', failing: 'Failing', note: 'Note' };

/** What is wrong, above everything else. `show` leads to a handler. */
export function showProblems(problems, show) {
  const worst = problems.filter(({ level }) => level !== 'note').length;
  const head =
    worst === 0
      ? h('p', { class: 'well' }, 'Nothing is stuck, and every broker is connected.')
      : h('h2', {}, worst === 1 ? 'One thing needs attention' : `${worst} things need attention`);
  fill(
    byId('problems'),
    head,
    problems.map((problem) => card(problem, show)),
  );
}

function card({ level, title, why, broker, handler }, show) {
  return h(
    'article',
    { class: `problem ${level}`, 'data-level': level },
    h('span', { class: 'level' }, WORD[level]),
    h('h3', {}, title),
    why.map((sentence) => h('p', {}, sentence)),
    handler
      ? h('button', { type: 'button', class: 'link', onclick: () => show(handler) }, handler)
      : h('span', { class: 'soft' }, `Broker ${broker}`),
  );
}
