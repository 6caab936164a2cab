#!/usr/bin/env bash
# Two asynchronous checks of one value that both fail end the process, although parseAsync is awaited and its error caught.
#
# Versions: zod 4.6.7, 4.0.17 and 3.25.76 (its zod 4, and zod 3); valibot 1.5.0 to compare.
# Expected: safeParseAsync rejects with what a check throws, and whoever catches that has heard of the store that is away.
# Seen:     zod begins all checks of a value at once and then awaits one after the other. Once the first has rejected, nobody awaits
#           the second: its rejection is unhandled and ends the process. The same if a later check throws at once: the
#           promise of the earlier one is left. Checks of two properties of an object are awaited together and do no harm. In
#           zod 3 it is the other way round: two properties end the process, two checks of one value do not.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages zod@4.6.7 zod40@npm:zod@4.0.17 zod325@npm:zod@3.25.76 valibot@1.5.0
cat >probe.mjs <<'EOT'
import * as v from 'valibot';

const [, , library, test] = process.argv;
const fails = async () => {
  throw new Error('no store');
};
const throws = () => {
  throw new Error('no store');
};
const value = { id: '7', customer: 'x' };

async function byZod() {
  const { z } = await import(library);
  const checked = (...checks) => checks.reduce((schema, check) => schema.refine(check), z.string());
  const schemas = {
    'one check': z.object({ id: checked(fails) }),
    'two checks': z.object({ id: checked(fails, fails) }),
    'two, the second throws': z.object({ id: checked(fails, throws) }),
    'two properties': z.object({ id: checked(fails), customer: checked(fails) }),
  };
  await schemas[test].safeParseAsync(value);
}

async function byValibot() {
  const checked = (...checks) => v.pipeAsync(v.string(), ...checks.map((check) => v.checkAsync(check)));
  const schemas = {
    'one check': v.objectAsync({ id: checked(fails) }),
    'two checks': v.objectAsync({ id: checked(fails, fails) }),
    'two, the second throws': v.objectAsync({ id: checked(fails, throws) }),
    'two properties': v.objectAsync({ id: checked(fails), customer: checked(fails) }),
  };
  await v.safeParseAsync(schemas[test], value);
}

let caught = 'nothing';
process.once('exit', (code) => console.log(`caught ${caught}, the process ends with ${code}`));
await (library === 'valibot' ? byValibot() : byZod()).catch(({ message }) => (caught = `"${message}"`));
EOT
for test in 'one check' 'two checks' 'two, the second throws' 'two properties'; do
  for library in zod zod40 zod325/v4 zod325 valibot; do
    echo "$test, $library: $(node probe.mjs $library "$test" 2>/dev/null)"
  done
done | tee seen
cat >expected <<'EOT'
one check, zod: caught "no store", the process ends with 0
one check, zod40: caught "no store", the process ends with 0
one check, zod325/v4: caught "no store", the process ends with 0
one check, zod325: caught "no store", the process ends with 0
one check, valibot: caught "no store", the process ends with 0
two checks, zod: caught "no store", the process ends with 1
two checks, zod40: caught "no store", the process ends with 1
two checks, zod325/v4: caught "no store", the process ends with 1
two checks, zod325: caught "no store", the process ends with 0
two checks, valibot: caught "no store", the process ends with 0
two, the second throws, zod: caught "no store", the process ends with 1
two, the second throws, zod40: caught "no store", the process ends with 1
two, the second throws, zod325/v4: caught "no store", the process ends with 1
two, the second throws, zod325: caught "no store", the process ends with 0
two, the second throws, valibot: caught "no store", the process ends with 0
two properties, zod: caught "no store", the process ends with 0
two properties, zod40: caught "no store", the process ends with 0
two properties, zod325/v4: caught "no store", the process ends with 0
two properties, zod325: caught "no store", the process ends with 1
two properties, valibot: caught "no store", the process ends with 0
EOT
compare
