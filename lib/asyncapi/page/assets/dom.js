/**
 * Makes an element. Texts become text nodes and never markup: addresses, errors and payloads are other people's data.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [props] attributes; `on…` are listeners; false and undefined are left out
 * @param {...(Node | string | number | false | undefined | null)} children
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...shown(children));
  return element;
}

/** The element of the page with this id. */
export const byId = (id) => document.getElementById(id);

/** Puts these children in place of what is there. */
export function fill(element, ...children) {
  element.replaceChildren(...shown(children));
}

const shown = (children) =>
  children.flat(Infinity).filter((child) => child !== false && child !== undefined && child !== null);

/** A number for people: 12, 3.4, 12,345. */
export function number(value) {
  if (value === undefined) return '–';
  return value >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}

/** A duration for people: 340 ms, 12 s, 3 min. */
export function duration(ms) {
  if (ms === undefined) return '–';
  if (ms < 1) return '<1 ms';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/** A time for people, in their own zone. */
export const time = (ms) => new Date(ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
