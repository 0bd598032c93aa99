// Calls functions of a client one after the other, and prints what came of each as JSON.
async function shown(value) {
  if (value instanceof Blob) return { type: value.type, size: value.size };
  if (value?.statusCode) return { status: value.statusCode };
  return value ?? null;
}

export async function answer(client, names, calls) {
  const results = [];
  for (const [name, ...given] of calls) {
    try {
      results.push({ value: await shown(await client[name](...given)) });
    } catch (error) {
      results.push({ error: String(error.message ?? error) });
    }
  }
  console.log(JSON.stringify({ names, results }));
}
