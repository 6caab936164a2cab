import { asError } from '../../errors/index.js';
import type { JsonObject } from '../document-types.js';
import { optionalPackage } from '../peers.js';
import { toDraft07 } from './draft-07.js';
import type { Converted } from './standard-json-schema.js';

type Class = abstract new (...args: never[]) => unknown;

/** Where the schemas that one refers to are, until they are components of the document. */
const DEFINITIONS = '#/definitions/';

/** The schema of a class by its decorators: those of `@nestjs/swagger`, else of class-validator. Undefined for neither. */
export async function classJsonSchema(type: Class): Promise<Converted | undefined> {
  try {
    return (await bySwagger(type)) ?? (await byClassValidator(type));
  } catch (thrown) {
    // A class whose decorators contradict its types is a mistake of one message, and not of the document.
    return { missing: asError(thrown).message };
  }
}

/** Of `@nestjs/swagger`, written by its decorators and by its compiler plugin. */
const SWAGGER_PROPERTIES = 'swagger/apiModelPropertiesArray';
const SWAGGER_FACTORY = '_OPENAPI_METADATA_FACTORY';

interface Swagger {
  readonly SwaggerModule: {
    createDocument(
      app: unknown,
      config: object,
      options: object,
    ): { readonly components?: { readonly schemas?: Readonly<Record<string, JsonObject>> } };
  };
}

/** An application without controllers: a document of it has the models alone. */
const NO_APPLICATION = {
  container: { getModules: () => new Map(), isGlobalModule: () => false },
  config: { getGlobalPrefix: () => '', getVersioning: () => undefined },
  getHttpAdapter: () => ({ getType: () => 'express' }),
};

async function bySwagger(type: Class): Promise<Converted | undefined> {
  const isDecorated =
    Reflect.hasMetadata(SWAGGER_PROPERTIES, type.prototype as object) || SWAGGER_FACTORY in (type as object);
  if (!isDecorated) return undefined;
  const name = '@nestjs/swagger';
  const swagger = await optionalPackage<Swagger>(name, () => import('@nestjs/swagger'));
  if (swagger === undefined) return { missing: `npm install ${name}` };
  const config = { openapi: '3.0.0', info: { title: '', version: '' } };
  const document = swagger.SwaggerModule.createDocument(NO_APPLICATION, config, { extraModels: [type] });
  const schemas = document.components?.schemas ?? {};
  const definitions = Object.fromEntries(Object.entries(schemas).map(([key, schema]) => [key, toDraft07(schema)]));
  const own = Reflect.getMetadata('swagger/apiSchema', type) as readonly { readonly name?: string }[] | undefined;
  return { json: { $ref: `${DEFINITIONS}${own?.[0]?.name ?? type.name}`, definitions } };
}

/** Where class-validator keeps its metadata, in whatever copy of it the decorators were. */
interface ValidatorStorage {
  getTargetValidationMetadatas(type: Class, schema: string, strict: boolean, each: boolean): readonly unknown[];
}

interface ValidatorConverter {
  targetConstructorToSchema(type: Class, options: object): JsonObject;
  validationMetadatasToSchemas(options: object): Readonly<Record<string, JsonObject>>;
}

async function byClassValidator(type: Class): Promise<Converted | undefined> {
  const storage = (globalThis as { readonly classValidatorMetadataStorage?: ValidatorStorage })
    .classValidatorMetadataStorage;
  if (storage === undefined || storage.getTargetValidationMetadatas(type, '', false, false).length === 0) {
    return undefined;
  }
  const name = 'class-validator-jsonschema';
  const converter = await optionalPackage<ValidatorConverter>(name, () => import('class-validator-jsonschema'));
  if (converter === undefined) return { missing: `npm install ${name}` };
  const options = { refPointerPrefix: DEFINITIONS, classTransformerMetadataStorage: await transformerStorage() };
  const json = toDraft07(converter.targetConstructorToSchema(type, options));
  const definitions = referred(json, converter.validationMetadatasToSchemas(options));
  // A class that refers to itself is one of them.
  if (type.name in definitions)
    return { json: { $ref: DEFINITIONS + type.name, definitions: { ...definitions, [type.name]: json } } };
  return { json: { ...json, definitions } };
}

/** It knows the classes of nested properties, by `@Type()`. */
async function transformerStorage(): Promise<unknown> {
  const name: string = 'class-transformer/cjs/storage.js';
  // It has no types.
  const load = (): Promise<unknown> => import(name);
  const storage = await optionalPackage<{ readonly defaultMetadataStorage?: unknown }>(name, load);
  return storage?.defaultMetadataStorage;
}

/** Those of all schemas that one refers to, by way of others too. */
function referred(json: JsonObject, all: Readonly<Record<string, JsonObject>>): Record<string, JsonObject> {
  const found: Record<string, JsonObject> = {};
  const todo: JsonObject[] = [json];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    for (const [, name = ''] of JSON.stringify(next).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) {
      const schema = all[name];
      if (schema === undefined || name in found) continue;
      todo.push((found[name] = toDraft07(schema)));
    }
  }
  return found;
}
