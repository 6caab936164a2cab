import { byId } from './dom.js';

const KEY = 'nestjs-multi-broker:theme';

/** Light or dark: as the system has it, until the button is pressed. */
export function startTheme() {
  const button = byId('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  const chosen = () => stored() ?? (system.matches ? 'dark' : 'light');
  const show = () => {
    document.documentElement.dataset.theme = chosen();
    button.textContent = chosen() === 'dark' ? 'Light' : 'Dark';
  };
  button.addEventListener('click', () => {
    store(chosen() === 'dark' ? 'light' : 'dark');
    show();
  });
  system.addEventListener('change', show);
  show();
}

function stored() {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function store(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}
