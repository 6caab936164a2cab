import { byId, fill, h, number } from './dom.js';

/** How small the picture may become before it is scrolled. */
const SMALLEST = 0.85;

/** The picture of brokers, places, handlers and dead letters. It is drawn once; states come and go as classes. */
export class GraphView {
  #nodes = [];
  #edges = [];

  /** @param {string} picture the SVG that the command line gives, too */
  constructor(picture, brokers, choose) {
    const svg = drawn(picture);
    // A little smaller where that spares scrolling, and never larger.
    const { width } = svg.viewBox.baseVal;
    svg.style.maxWidth = `${width}px`;
    svg.style.minWidth = `${width * SMALLEST}px`;
    this.#nodes = Array.from(svg.querySelectorAll('.node'), nodeOf);
    this.#edges = Array.from(svg.querySelectorAll('.edge'), (element) => ({ element, ...element.dataset }));
    for (const { name, element } of this.#nodes) element.addEventListener('click', () => choose(name));
    fill(byId('graph'), this.#nodes.length === 0 ? h('p', { class: 'soft' }, 'There are no handlers.') : svg);
    fill(byId('legend'), brokers.map(legend), lettersLegend());
  }

  /** States, rates and counts of now. */
  update({ handlers, problems, sends }) {
    const stuck = new Map(
      problems
        .filter(({ handler }) => handler)
        .map(({ handler, level }) => [handler, level])
        .reverse(),
    );
    const states = new Map(handlers.map((handler) => [handler.id, handler]));
    for (const node of this.#nodes) {
      if (node.handle === undefined) node.noteElement.textContent = placeNote(node, sends);
      else showHandler(node, states.get(node.handle), stuck.get(node.handle));
    }
  }

  /** Fades all that is neither found nor next to what is. `undefined`: nothing is searched for. */
  highlight(matches) {
    const found = new Set(this.#nodes.filter((node) => matches?.(node)).map(({ id }) => id));
    const near = new Set(found);
    for (const { from, to, element } of this.#edges) {
      const touches = found.has(from) || found.has(to);
      element.classList.toggle('faded', matches !== undefined && !touches);
      if (touches) near.add(from).add(to);
    }
    for (const { id, element } of this.#nodes) {
      element.classList.toggle('faded', matches !== undefined && !near.has(id));
      element.classList.toggle('found', found.has(id));
    }
  }

  /** Scrolls a handler into view within the picture. */
  reveal(handler) {
    for (const { handle, element } of this.#nodes) {
      if (handle === handler) element.scrollIntoView({ block: 'nearest', inline: 'center' });
    }
  }
}

/** Without its own style and size: the page knows whether it is light or dark, and how wide. */
function drawn(picture) {
  // The policy of the page complains of a style as soon as it is parsed. Names in the picture are escaped.
  const plain = picture.replace(/<style>[^]*?<\/style>/, '');
  const svg = new DOMParser().parseFromString(plain, 'image/svg+xml').documentElement;
  svg.querySelector(':scope > title')?.remove();
  svg.removeAttribute('width');
  svg.removeAttribute('height');
  return document.importNode(svg, true);
}

const nodeOf = (element) => ({ element, noteElement: element.querySelector('.note'), ...element.dataset });

function showHandler({ element, noteElement }, handler, level) {
  if (handler === undefined) return;
  element.dataset.state = level ?? handler.state;
  const rate = `${number(handler.handledPerSecond)}/s`;
  const lag = handler.lag === undefined ? '' : ` · lag ${number(handler.lag)}`;
  const held = handler.held.length === 0 ? '' : ` · ${handler.held.length} held`;
  noteElement.textContent = handler.state === 'running' ? `${rate}${lag}${held}` : handler.state;
}

function placeNote({ broker, name, title, note }, sends) {
  const isIt = (send) =>
    send.broker === broker && (send.name === undefined ? send.address === name : send.name === title);
  const rate = sends.find(isIt)?.perSecond ?? 0;
  return rate === 0 ? note : `${note} · ${number(rate)}/s`;
}

function legend({ name, kind }, at) {
  return h('span', {}, h('i', { class: `dot broker-${at % 8}` }), `${name} `, h('small', {}, kind));
}

const lettersLegend = () => h('span', {}, h('i', { class: 'dot parks' }), 'dead letters');
