declare module "*.txt" {
  const text: string;
  export default text;
}
declare module "*.py" {
  const text: string;
  export default text;
}
declare module "*.wasm" {
  const address: string;
  export default address;
}
declare module "*.onnx" {
  const address: string;
  export default address;
}
