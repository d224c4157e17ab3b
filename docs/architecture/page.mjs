/** In the browser: a scene becomes elements of Excalidraw, and these a PNG that holds them. */
import { convertToExcalidrawElements, exportToBlob, FONT_FAMILY, MIME_TYPES } from "@excalidraw/excalidraw";

globalThis.EXCALIDRAW_ASSET_PATH = location.href;

const INK = "#1e1e1e";
const MARGIN = 16;
/** In units, of which the picture has about 880 in its width: at 400 pixels a name is 14 high and a note 10. */
const [NAME, NOTE] = [30, 22];
/** From a box's lower edge up to its note. */
const NOTE_RISE = 39;
/** Pixels a unit, for dense screens. */
const SCALE = 2;

globalThis.drawPicture = async (scene) => {
  await pngOf(elementsOf(scene)); // loads the font, without which words are measured wrongly
  return await base64(await pngOf(elementsOf(scene)));
};

function elementsOf({ kind, box, arrow }) {
  const skeletons = [...box.flatMap((one) => boxOf(one, kind[one.kind])), ...arrow.map(arrowOf)];
  return convertToExcalidrawElements(skeletons, { regenerateIds: false });
}

function boxOf({ name, kind, note, at: [x, y], size: [width, height] }, { shape, fill, stroke, line }) {
  const groupIds = [name];
  const verticalAlign = note || kind === "group" ? "top" : "middle";
  const outline = {
    type: shape,
    id: name,
    x,
    y,
    width,
    height,
    groupIds,
    backgroundColor: fill,
    fillStyle: "solid",
    strokeColor: stroke,
    strokeStyle: line,
    roundness: { type: 3 },
    label: { ...words(name, NAME), groupIds, verticalAlign },
  };
  if (!note) return [outline];
  const middle = { x: x + width / 2, y: y + height - NOTE_RISE, textAlign: "center" };
  return [outline, { type: "text", ...words(note, NOTE), ...middle, groupIds }];
}

function arrowOf({ from, to, way: [[x, y], ...rest], words: said }) {
  return {
    type: "arrow",
    x,
    y,
    points: [[0, 0], ...rest.map(([nextX, nextY]) => [nextX - x, nextY - y])],
    strokeColor: INK,
    start: { id: from },
    end: { id: to },
    ...(said && { label: words(said, NOTE) }),
  };
}

function words(text, fontSize) {
  return { text, fontSize, fontFamily: FONT_FAMILY.Excalifont, strokeColor: INK };
}

function pngOf(elements) {
  return exportToBlob({
    elements,
    files: null,
    mimeType: MIME_TYPES.png,
    exportPadding: MARGIN,
    getDimensions: (width, height) => ({ width: width * SCALE, height: height * SCALE, scale: SCALE }),
    appState: { exportBackground: true, exportEmbedScene: true, viewBackgroundColor: "#ffffff" },
  });
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
