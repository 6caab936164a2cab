import { type Binding, handlersOf, type Outlet } from '../delivery/index.js';
import type { DestinationSpec } from '../driver/index.js';

/** A destination of handlers. */
interface Target {
  readonly to: DestinationSpec;
  /** It depends on the address of each message. */
  readonly ofEach: boolean;
}

/** What the handlers of an application publish to, or park in, on one broker. */
export function targetsOn(broker: string, outlet: Outlet, claims: readonly Binding[]): readonly Target[] {
  return claims.flatMap((binding) => {
    const letters = [binding, ...handlersOf(binding)].flatMap(({ deadLetter }) => deadLetter ?? []);
    const targets = [...binding.routes.map((route) => ({ ...route, ofEach: undefined })), ...letters];
    return targets
      .filter((target) => target.broker === broker)
      .map(({ destination, ofEach }) => ({ to: outlet.resolve(destination), ofEach: ofEach !== undefined }));
  });
}
