import { describe, expect, it } from '@jest/globals';
import { Rotation } from '../../lib/twin/index.js';

function rotationOf(...members: string[]): Rotation<string> {
  const rotation = new Rotation<string>();
  for (const member of members) rotation.join(member);
  return rotation;
}

describe('a rotation', () => {
  it('gives each member its turn', () => {
    const rotation = rotationOf('a', 'b', 'c');
    expect(Array.from({ length: 7 }, () => rotation.next())).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a']);
  });

  it('passes over a member that cannot', () => {
    const rotation = rotationOf('a', 'b', 'c');
    expect(rotation.next((member) => member !== 'a')).toBe('b');
    expect(rotation.next()).toBe('c');
    expect(rotation.next(() => false)).toBeUndefined();
  });

  it('goes on with the next one when a member leaves', () => {
    const rotation = rotationOf('a', 'b', 'c');
    rotation.next();
    rotation.next();
    rotation.leave('a');
    rotation.leave('nobody');
    expect([rotation.next(), rotation.next(), rotation.next()]).toEqual(['c', 'b', 'c']);
  });

  it('gives nobody the turn when nobody is left', () => {
    const rotation = rotationOf('a');
    rotation.leave('a');
    expect(rotation.next()).toBeUndefined();
    expect(rotation.size).toBe(0);
  });
});
