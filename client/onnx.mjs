/**
 * The model says of its picture that it is 32 pixels wide, and runs at any size: `withoutShapes` takes what is said of the shapes of its picture and of
 * its answers out of the file (ONNX, a protocol buffer) and leaves every other byte as it is.
 */
const [GRAPH, INPUT, OUTPUT, NAME, TYPE, TENSOR, SHAPE] = [7, 11, 12, 1, 2, 1, 2];
const PICTURE = "input.1";

export function withoutShapes(model) {
  return change(model, GRAPH, (graph) => {
    const opened = change(graph, INPUT, (value) => (nameOf(value) === PICTURE ? unshaped(value) : value));
    return change(opened, OUTPUT, unshaped);
  });
}

function unshaped(value) {
  return change(value, TYPE, (type) => change(type, TENSOR, (tensor) => change(tensor, SHAPE, () => undefined)));
}

function nameOf(value) {
  return [...fields(value)].find(({ number }) => number === NAME)?.body.toString();
}

/** `message` with each field of a number put through `act`; undefined leaves it out. */
function change(message, wanted, act) {
  const parts = [...fields(message)].map(({ number, body, raw }) => {
    if (number !== wanted || !body) return raw;
    const changed = act(body);
    return changed ? Buffer.concat([varint(number * 8 + 2), varint(changed.length), changed]) : Buffer.alloc(0);
  });
  return Buffer.concat(parts);
}

/** The fields of a message in order; `body` where it is bytes. */
function* fields(message) {
  for (let at = 0; at < message.length; ) {
    const [tag, afterTag] = read(message, at);
    let [end, body] = [afterTag, undefined];
    if (tag % 8 === 0) end = read(message, afterTag)[1];
    else if (tag % 8 === 1) end += 8;
    else if (tag % 8 === 5) end += 4;
    else if (tag % 8 === 2) {
      const [length, from] = read(message, afterTag);
      end = from + length;
      body = message.subarray(from, end);
    } else throw new Error("the model is no ONNX file");
    yield { number: Math.floor(tag / 8), body, raw: message.subarray(at, end) };
    at = end;
  }
}

function read(message, at) {
  let [value, scale, byte] = [0, 1, 0x80];
  while (byte & 0x80) {
    byte = message[at++];
    if (byte === undefined) throw new Error("the model is cut");
    value += (byte & 0x7f) * scale;
    scale *= 128;
  }
  return [value, at];
}

function varint(value) {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return Buffer.from([...bytes, value]);
}
