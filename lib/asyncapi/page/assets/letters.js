import { get, post } from './api.js';
import { byId, fill, h, number, time } from './dom.js';

/** Places of dead letters: a look at each, and for administrators bodies and redrives. */
export class LettersView {
  #query = '';

  constructor(places, admin) {
    byId('letters-panel').hidden = places.length === 0;
    this.places = places.map((place) => new PlaceView(place, admin));
    const readOnly = !admin && h('p', { class: 'soft' }, 'For reading: payloads and redrives need the option admin.');
    fill(
      byId('letters'),
      readOnly,
      this.places.map(({ element }) => element),
    );
  }

  /** Shows only letters with this text. */
  filter(query) {
    this.#query = query;
    for (const place of this.places) place.filter(this.#query);
  }
}

class PlaceView {
  #place;
  #admin;
  #bodies = false;
  #letters;
  #query = '';
  #list = h('div', { class: 'letter-list' });
  #said = h('p', { role: 'status', class: 'said' });

  constructor(place, admin) {
    this.#place = place;
    this.#admin = admin;
    const readable = place.why === undefined;
    this.element = h(
      'div',
      { class: 'place', 'data-place': place.label },
      h(
        'div',
        { class: 'head' },
        h('h3', {}, place.label, ' ', h('small', { class: 'soft' }, place.broker)),
        readable && this.#buttons(),
      ),
      !readable && h('p', { class: 'soft' }, place.why),
      this.#said,
      this.#list,
    );
  }

  filter(query) {
    this.#query = query.toLowerCase();
    this.#draw();
  }

  #buttons() {
    return h(
      'div',
      { class: 'buttons' },
      button('Show letters', () => this.#look(false)),
      this.#admin && button('With payloads', () => this.#look(true)),
      this.#admin && button('Redrive all', () => this.#redrive(undefined), 'danger'),
    );
  }

  #look(bodies) {
    return this.#doing('Reading …', async () => {
      this.#bodies = bodies;
      const body = { place: this.#place.id };
      this.#letters = bodies
        ? await post('/letters', body)
        : await get(`/letters?place=${encodeURIComponent(this.#place.id)}`);
      this.#draw();
      return '';
    });
  }

  #redrive(only) {
    const what = only === undefined ? `all letters of ${this.#place.label}` : 'this letter';
    if (!confirm(`Redrive ${what} through the handler that failed?`)) return undefined;
    return this.#doing('Redriving …', async () => {
      const { redriven, failed, left } = await post('/redrive', { place: this.#place.id, ...only });
      if (this.#letters) await this.#look(this.#bodies);
      return `${number(redriven)} redriven, ${number(failed)} failed again, ${number(left)} left.`;
    });
  }

  async #doing(said, act) {
    this.#said.textContent = said;
    this.#said.classList.remove('bad');
    try {
      this.#said.textContent = await act();
    } catch (error) {
      this.#said.textContent = error.message;
      this.#said.classList.add('bad');
    }
  }

  #draw() {
    if (this.#letters === undefined) return;
    const { letters, more, cut } = this.#letters;
    const shown = letters.filter((letter) => JSON.stringify(letter).toLowerCase().includes(this.#query));
    fill(
      this.#list,
      letters.length === 0 && !cut && h('p', { class: 'soft' }, 'There are none.'),
      shown.map((letter) => this.#letter(letter)),
      more && h('p', { class: 'soft' }, 'There are more; these are the oldest.'),
      cut && h('p', { class: 'soft' }, 'The look ended after 10 s; there may be more.'),
    );
  }

  #letter(letter) {
    const { handler, error, from, attempts, at, headers, key, location, deliveryId } = letter;
    return h(
      'details',
      { class: 'letter' },
      h('summary', {}, h('strong', {}, handler), ' ', h('span', { class: 'bad' }, error.message)),
      h(
        'dl',
        {},
        pair('Came from', `${from.source} on ${from.broker}, ${from.position}`),
        pair('Is at', location),
        pair('Parked', `${time(at)}, after ${attempts === 1 ? 'one call' : `${attempts} calls`}`),
        pair('Error', [error.name, error.code, error.message].filter(Boolean).join(' · ')),
        pair('Key', key),
        Object.entries(headers).map(([name, value]) => pair(name, value)),
        letter.body !== undefined && pair('Payload', bodyText(letter.body)),
      ),
      this.#admin && button('Redrive this letter', () => this.#redrive({ deliveryId, location }), 'danger'),
    );
  }
}

const pair = (name, value) =>
  value === undefined || value === ''
    ? []
    : [h('dt', {}, name), h('dd', {}, name === 'Payload' ? h('pre', {}, value) : String(value))];

function bodyText(body) {
  if (body === null) return '(no value)';
  const { text, encoding, size } = body;
  return encoding === 'utf8' ? pretty(text) : `${text}\n(${size} bytes, as base64)`;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const button = (text, act, kind = '') => h('button', { type: 'button', class: kind, onclick: () => void act() }, text);
