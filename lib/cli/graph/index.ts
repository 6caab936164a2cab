export { type Graph, graphOf } from './graph.js';
export { mermaidOf } from './mermaid.js';
