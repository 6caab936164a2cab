import { byId, fill, h, number, s } from './dom.js';

/** How small the picture may become before it is scrolled. */
const SMALLEST = 0.85;

const WORDS = { reads: 'reads', publishes: 'publishes', parks: 'parks dead letters', feeds: 'is kept in' };

/** The picture of brokers, places, handlers and dead letters. It is drawn once; states come and go as classes. */
export class GraphView {
  #nodes = new Map();
  #edges = [];

  constructor(picture, brokers, choose) {
    const colours = new Map(brokers.map(({ name }, at) => [name, `broker-${at % 8}`]));
    const svg = s('svg', { viewBox: `0 0 ${picture.width} ${picture.height}` });
    // A little smaller where that spares scrolling, and never larger.
    svg.style.maxWidth = `${picture.width}px`;
    svg.style.minWidth = `${picture.width * SMALLEST}px`;
    svg.append(arrows());
    for (const edge of picture.edges) svg.append(this.#edge(edge));
    for (const node of picture.nodes) svg.append(this.#node(node, picture, colours, choose));
    fill(byId('graph'), picture.nodes.length === 0 ? h('p', { class: 'soft' }, 'There are no handlers.') : svg);
    fill(
      byId('legend'),
      brokers.map((broker) => legend(broker, colours.get(broker.name))),
      lettersLegend(),
    );
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
    for (const { node, element, note } of this.#nodes.values()) {
      if (node.type === 'handler') showHandler(element, note, states.get(node.handler), stuck.get(node.handler));
      else note.textContent = placeNote(node, sends);
    }
  }

  /** Fades all that is neither found nor next to what is. `undefined`: nothing is searched for. */
  highlight(matches) {
    const found = new Set();
    for (const { node } of this.#nodes.values()) if (matches?.(node)) found.add(node.id);
    const near = new Set(found);
    for (const { edge, element } of this.#edges) {
      const touches = found.has(edge.from) || found.has(edge.to);
      element.classList.toggle('faded', matches !== undefined && !touches);
      if (touches) near.add(edge.from).add(edge.to);
    }
    for (const { node, element } of this.#nodes.values()) {
      element.classList.toggle('faded', matches !== undefined && !near.has(node.id));
      element.classList.toggle('found', found.has(node.id));
    }
  }

  /** Scrolls a handler into view within the picture. */
  reveal(handler) {
    for (const { node, element } of this.#nodes.values()) {
      if (node.handler === handler) element.scrollIntoView({ block: 'nearest', inline: 'center' });
    }
  }

  #edge(edge) {
    const element = s(
      'path',
      { d: edge.path, class: `edge ${edge.type}`, 'marker-end': `url(#arrow-${edge.type})` },
      s('title', {}, WORDS[edge.type]),
    );
    this.#edges.push({ edge, element });
    return element;
  }

  #node(node, { nodeWidth: width, nodeHeight: height }, colours, choose) {
    const note = s('text', { class: 'note', x: 14, y: 39 });
    const element = s(
      'g',
      {
        class: `node ${node.type} ${node.letters ? 'letters' : ''} ${colours.get(node.broker) ?? ''}`,
        transform: `translate(${node.x} ${node.y})`,
        'data-label': node.label,
        onclick: () => choose(node.label),
      },
      s('title', {}, `${node.title} (${node.broker})`),
      s('rect', { width, height, rx: node.type === 'handler' ? 9 : 26 }),
      s('text', { class: 'name', x: 14, y: 22 }, shortened(node.label, 24)),
      note,
    );
    this.#nodes.set(node.id, { node, element, note });
    return element;
  }
}

function showHandler(element, note, handler, level) {
  if (handler === undefined) return;
  element.dataset.state = level ?? handler.state;
  const rate = `${number(handler.handledPerSecond)}/s`;
  const lag = handler.lag === undefined ? '' : ` · lag ${number(handler.lag)}`;
  const held = handler.held.length === 0 ? '' : ` · ${handler.held.length} held`;
  note.textContent = handler.state === 'running' ? `${rate}${lag}${held}` : handler.state;
}

function placeNote(node, sends) {
  const send = sends.find(({ broker, address }) => broker === node.broker && address === node.label);
  const what = node.letters ? `${node.broker} · dead letters` : node.broker;
  return send === undefined || send.perSecond === 0 ? what : `${what} · ${number(send.perSecond)}/s`;
}

/** Cut in the middle: the ends of addresses tell them apart. */
function shortened(text, most) {
  if (text.length <= most) return text;
  const half = Math.floor((most - 1) / 2);
  return `${text.slice(0, half)}…${text.slice(text.length - half)}`;
}

function arrows() {
  const types = Object.keys(WORDS);
  const shape = { viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto-start-reverse' };
  return s(
    'defs',
    {},
    types.map((type) =>
      s('marker', { id: `arrow-${type}`, class: `arrow ${type}`, ...shape }, s('path', { d: 'M0 0 8 4 0 8z' })),
    ),
  );
}

function legend({ name, kind }, colour) {
  return h('span', {}, h('i', { class: `dot ${colour}` }), `${name} `, h('small', {}, kind));
}

const lettersLegend = () => h('span', {}, h('i', { class: 'dot parks' }), 'dead letters');
