/** Colours of the picture; the page's own are the same (`assets/page.css`). */
interface Palette {
  readonly ground: string;
  readonly text: string;
  readonly soft: string;
  readonly letters: string;
}

const LIGHT: Palette = { ground: '#ffffff', text: '#1b2130', soft: '#5b6579', letters: '#c4222f' };
const DARK: Palette = { ground: '#1b1f29', text: '#e8ebf2', soft: '#a2abbd', letters: '#ff8a8f' };

/** One for each broker, and again from the first. Each stands out on both grounds. */
const TONES = ['#3d7be0', '#8a5cd6', '#1f9a76', '#c9762b', '#b84a8d', '#6b8f1f', '#2f93b5', '#8b7355'] as const;

/** How much of its broker's tone the ground of a place has. */
const TINT = 0.12;

/** The class of a broker's tone. */
export const toneOf = (broker: number): string => `broker-${String(broker % TONES.length)}`;

/** Of a file on its own: light, or dark where the reader's system is. */
export const ownStyle = (): string => `${rules(LIGHT)}\n@media (prefers-color-scheme: dark) {\n${rules(DARK)}\n}\n`;

/** Of the page, which knows which of both is wanted. Light rules stand first, and dark ones count no more than they. */
export const pageStyle = (): string =>
  `${rules(LIGHT)}\n${rules(DARK, ":where([data-theme='dark']) ")}\n${TONE_DOTS}\n`;

/**
 * No custom property and no `color-mix()`: converters of SVG to PNG and PDF know neither, and leave out rules for dark.
 */
function rules({ ground, text, soft, letters }: Palette, prefix = ''): string {
  return [
    ['.picture .ground', `fill: ${ground}`],
    ['.node rect', `fill: ${ground}; stroke: ${soft}; stroke-width: 1.5`],
    ...TONES.flatMap((tone, at) => [
      [`.node.broker-${String(at)} rect`, `stroke: ${tone}`],
      [`.node.place.broker-${String(at)} rect`, `fill: ${mixed(tone, ground)}`],
    ]),
    ['.node.place.letters rect', `stroke: ${letters}; stroke-dasharray: 5 3`],
    ['.node.broker rect', 'stroke-dasharray: 2 3'],
    ['.node text', `fill: ${text}; font-size: 13px`],
    ['.node .name', 'font-weight: 600'],
    ['.node .note', `fill: ${soft}; font-size: 12px`],
    ['.edge', `fill: none; stroke: ${soft}; stroke-width: 1.5`],
    ['.edge.parks', `stroke: ${letters}; stroke-dasharray: 5 4`],
    ['.edge.feeds, .edge.waits', 'stroke-dasharray: 2 4'],
    ['.arrow path', `fill: ${soft}`],
    ['.arrow.parks path', `fill: ${letters}`],
  ]
    .map(([selector = '', body = '']) => `${prefixed(selector, prefix)} { ${body} }`)
    .join('\n');
}

const prefixed = (selector: string, prefix: string): string =>
  selector
    .split(', ')
    .map((one) => `${prefix}${one}`)
    .join(', ');

/** Of the legend. */
const TONE_DOTS = TONES.map((tone, at) => `.dot.broker-${String(at)} { background: ${tone} }`).join('\n');

/** A tone thinned with the ground. */
function mixed(tone: string, ground: string): string {
  const [over, under] = [channelsOf(tone), channelsOf(ground)];
  const channels = over.map((one, at) => Math.round(TINT * one + (1 - TINT) * (under[at] ?? 0)));
  return `#${channels.map((one) => one.toString(16).padStart(2, '0')).join('')}`;
}

const channelsOf = (colour: string): number[] => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
