import type { Binding, Outlet, Route } from '../delivery/index.js';

/** A handler that reads from now on, in the form in which Nest's router tells a route. */
export function subscribedLine(binding: Binding, outlet: (broker: string) => Outlet | undefined): string {
  const { broker, handler, source, routes } = binding;
  const targets = routes.map((route) => `${route.broker}/${addressOf(route, outlet(route.broker))}`);
  const to = targets.length === 0 ? '' : ` → ${targets.join(', ')}`;
  const sharedBy = source.sharedBy === undefined ? '' : ` (${source.sharedBy})`;
  return `Subscribed {${broker}/${source.address}} ${handler}${to}${sharedBy}`;
}

/** The broker of a route may come later. */
function addressOf({ destination }: Route, outlet: Outlet | undefined): string {
  if (outlet !== undefined) return outlet.resolve(destination).address;
  return typeof destination === 'string' ? destination : destination.kind;
}
