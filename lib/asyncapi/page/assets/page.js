import { get, getText, url } from './api.js';
import { byId, fill, h } from './dom.js';
import { GraphView } from './graph.js';
import { HandlersView } from './handlers.js';
import { LettersView } from './letters.js';
import { showProblems } from './problems.js';
import { startPublish } from './publish.js';
import { showReference } from './frame.js';
import { startTheme } from './theme.js';

startTheme();

const status = byId('status');
const search = byId('search');

try {
  const [settings, picture, asyncapi] = await Promise.all([get('/settings'), getText('/graph.svg'), get('.json')]);
  start(settings, picture, asyncapi);
} catch (error) {
  fill(byId('problems'), h('p', { class: 'bad' }, `The page cannot be shown: ${error.message}`));
}

function start(settings, picture, asyncapi) {
  const graph = new GraphView(picture, settings.brokers, (name) => find(name === search.value ? '' : name));
  const handlers = new HandlersView();
  const letters = new LettersView(settings.letters, settings.admin);
  startPublish(settings.channels, asyncapi);

  const look = () => {
    const query = search.value.trim().toLowerCase();
    const has = (...texts) => texts.some((text) => text?.toLowerCase().includes(query));
    graph.highlight(query === '' ? undefined : ({ name, title, broker }) => has(name, title, broker));
    const found = handlers.filter(query === '' ? undefined : ({ id, handler, source }) => has(id, handler, source));
    letters.filter(query);
    byId('found').textContent = query === '' ? '' : `${found} ${found === 1 ? 'handler' : 'handlers'}`;
  };
  const find = (text) => {
    search.value = text;
    look();
  };
  search.addEventListener('input', look);
  const reveal = (handler) => {
    find('');
    graph.reveal(handler);
    handlers.reveal(handler);
  };

  listen((state) => {
    showProblems(state.problems, reveal);
    graph.update(state);
    handlers.update(state);
  });
  showReference(settings.reference);
}

/** How soon the live view is asked for again after an answer that refuses it, in milliseconds. */
const AGAIN_MS = 5_000;

/** Server-sent events. The browser comes back by itself after a connection that was cut, but not after a refusal. */
function listen(show) {
  const events = new EventSource(url('/live'));
  events.addEventListener('state', ({ data }) => {
    const state = JSON.parse(data);
    if (state.error !== undefined) {
      said('unknown', state.error);
      stale(true);
      return;
    }
    said(state.status, '');
    stale(false);
    show(state);
  });
  events.addEventListener('error', () => {
    said('disconnected', 'The application does not answer');
    stale(true);
    if (events.readyState === EventSource.CLOSED) setTimeout(() => listen(show), AGAIN_MS);
  });
}

/** Whether what is shown is what was seen last, and not what is. */
function stale(is) {
  byId('stale').hidden = !is;
}

function said(word, title) {
  status.textContent = word;
  status.dataset.status = word;
  status.title = title;
}
