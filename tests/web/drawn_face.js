/** A face that nobody has, drawn: light, hair, brows, eyes, nose, mouth. The model takes it for one. */
function drawnFace(pen, x, y, r) {
  const oval = (fill, dx, dy, wide, high) => {
    pen.fillStyle = fill;
    pen.beginPath();
    pen.ellipse(x + dx * r, y + dy * r, wide * r, high * r, 0, 0, 7);
    pen.fill();
  };
  const skin = pen.createRadialGradient(x - 0.2 * r, y - 0.2 * r, 0.2 * r, x, y, 1.4 * r);
  for (const [at, tone] of [[0, "#e8bf9f"], [0.7, "#c68f6d"], [1, "#8a5a40"]]) skin.addColorStop(at, tone);
  oval("#3b5a78", 0, 2.6, 1.9, 1.4);
  oval("#b27f60", 0, 1.2, 0.4, 0.5);
  oval("#2a1c14", 0, -0.25, 1.02, 1.25);
  oval(skin, 0, 0.1, 0.82, 1.12);
  for (const side of [-0.36, 0.36]) {
    oval("rgba(90,50,30,.35)", side, -0.06, 0.27, 0.18);
    oval("#2a1c14", side, -0.22, 0.24, 0.05);
    oval("#fff", side, -0.04, 0.17, 0.09);
    oval("#2b1b10", side, -0.04, 0.085, 0.085);
    oval("rgba(90,50,30,.5)", side / 4, 0.4, 0.05, 0.03);
  }
  oval("rgba(100,55,35,.5)", 0.1, 0.2, 0.05, 0.2);
  oval("#9c4a44", 0, 0.68, 0.3, 0.09);
  oval("#6a2c2a", 0, 0.68, 0.3, 0.015);
}
