import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** Fills a cache folder once. Filled beside and renamed, so that a broken download or a second process leaves no half. */
export async function installOnce(target, fill) {
  if (existsSync(target)) return target;
  mkdirSync(dirname(target), { recursive: true });
  const beside = mkdtempSync(`${target}.part-`);
  try {
    await fill(beside);
    renameSync(beside, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  return target;
}
