import { describe, expect, it } from '@jest/globals';
import { type Random, Rotation, seeded } from '../../lib/twin/index.js';

function rotationOf(members: readonly string[], random?: Random): Rotation<string> {
  const rotation = new Rotation<string>(random);
  for (const member of members) rotation.join(member);
  return rotation;
}

describe('a rotation', () => {
  it('gives each member its turn', () => {
    const rotation = rotationOf(['a', 'b', 'c']);
    expect(Array.from({ length: 7 }, () => rotation.next())).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a']);
  });

  it('passes over a member that cannot', () => {
    const rotation = rotationOf(['a', 'b', 'c']);
    expect(rotation.next((member) => member !== 'a')).toBe('b');
    expect(rotation.next()).toBe('c');
    expect(rotation.next(() => false)).toBeUndefined();
  });

  it('goes on with the next one when a member leaves', () => {
    const rotation = rotationOf(['a', 'b', 'c']);
    rotation.next();
    rotation.next();
    rotation.leave('a');
    rotation.leave('nobody');
    expect([rotation.next(), rotation.next(), rotation.next()]).toEqual(['c', 'b', 'c']);
  });

  it('draws the member by a seed: each alike, the same run for the same seed, and never one that cannot', () => {
    const picks = (seed: number): string[] => {
      const rotation = rotationOf(['a', 'b', 'c'], seeded(seed));
      return Array.from({ length: 300 }, () => rotation.next((member) => member !== 'b') ?? '');
    };
    expect(picks(1)).toEqual(picks(1));
    expect(picks(1)).not.toEqual(picks(2));
    expect(picks(1)).not.toContain('b');
    const ofA = picks(1).filter((member) => member === 'a').length;
    expect(ofA).toBeGreaterThan(120);
    expect(ofA).toBeLessThan(180);
  });

  it('gives nobody the turn when nobody is left', () => {
    const rotation = rotationOf(['a']);
    rotation.leave('a');
    expect(rotation.next()).toBeUndefined();
    expect(rotation.size).toBe(0);
  });
});
