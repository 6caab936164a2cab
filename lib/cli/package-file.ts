import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** What a package.json says of an application. */
export interface PackageFile {
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
}

/** The package.json that is nearest to a file and has a name; empty where there is none. */
export async function packageFileOf(file: string): Promise<PackageFile> {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const { name, version, description } = await read(path.join(folder, 'package.json'));
    if (name !== undefined) {
      return { name, ...(version !== undefined && { version }), ...(description !== undefined && { description }) };
    }
    if (folder === path.dirname(folder)) return {};
  }
}

async function read(file: string): Promise<PackageFile> {
  try {
    return (JSON.parse(await readFile(file, 'utf8')) as PackageFile | null) ?? {};
  } catch {
    return {};
  }
}
