import { post } from './api.js';
import { byId, fill, h } from './dom.js';
import { exampleOf } from './example.js';

/** A form that publishes to a channel, filled with the example of its schema. */
export function startPublish(channels, asyncapi) {
  byId('publish-panel').hidden = channels.length === 0;
  if (channels.length === 0) return;
  const channel = h(
    'select',
    { 'aria-label': 'Channel', onchange: () => show() },
    channels.map(({ broker, address }, at) => h('option', { value: at }, `${broker} / ${address}`)),
  );
  const params = h('div', { class: 'params' });
  const key = h('input', { placeholder: 'Key, if any', 'aria-label': 'Key' });
  const payload = h('textarea', { rows: 8, spellcheck: 'false', 'aria-label': 'Payload, as JSON' });
  const said = h('p', { role: 'status', class: 'said' });
  const show = () => {
    const chosen = channels[channel.value];
    payload.value = JSON.stringify(exampleOf(asyncapi, chosen) ?? {}, null, 2);
    fill(
      params,
      chosen.params.map((name) => h('input', { placeholder: name, 'data-param': name, 'aria-label': name })),
    );
  };
  const send = async (event) => {
    event.preventDefault();
    said.classList.remove('bad');
    try {
      const values = [...params.children].map((input) => [input.dataset.param, input.value]);
      const { broker, address } = channels[channel.value];
      const body = {
        broker,
        address,
        key: key.value,
        params: Object.fromEntries(values),
        payload: JSON.parse(payload.value),
      };
      const { position } = await post('/publish', body);
      said.textContent = position ? `Published: ${position}` : 'Published.';
    } catch (error) {
      said.textContent = error.message;
      said.classList.add('bad');
    }
  };
  fill(
    byId('publish'),
    h(
      'form',
      { class: 'publish', onsubmit: send },
      channel,
      params,
      key,
      payload,
      h('button', { type: 'submit' }, 'Publish'),
      said,
    ),
  );
  show();
}
