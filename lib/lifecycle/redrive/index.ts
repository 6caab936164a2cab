export { Redrives } from './redrives.js';
