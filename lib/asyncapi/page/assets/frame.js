import { url } from './api.js';
import { byId, fill, h } from './dom.js';

/**
 * The reference, in a frame of its own: its renderer compiles code as it loads, which the policy of this page forbids, and
 * its styles are for a page of its own.
 */
export function showReference(isInstalled) {
  if (!isInstalled) {
    const name = h('code', {}, '@asyncapi/react-component');
    const what = 'to read the document here; it is at the links above as well.';
    fill(byId('reference'), h('p', { class: 'soft' }, 'Install ', name, ` ${what}`));
    return;
  }
  const frame = h('iframe', { src: url('/reference'), title: 'Reference', onload: () => fit(frame) });
  fill(byId('reference'), frame);
}

/** As high as its content, and as light or dark as the page. */
function fit(frame) {
  const { documentElement: root, body } = frame.contentDocument;
  const tall = new ResizeObserver(() => frame.setAttribute('height', Math.max(200, body.scrollHeight)));
  tall.observe(body);
  const copy = () => (root.dataset.theme = document.documentElement.dataset.theme);
  new MutationObserver(copy).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  copy();
}
