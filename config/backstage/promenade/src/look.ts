import type { Theme } from '@material-ui/core/styles';

/** The fonts that Promenade knows. A font that the reader's system lacks is replaced by the system's own. */
const FONTS = [
  'Arial',
  'Helvetica',
  'Helvetica Neue',
  'IBM Plex Sans',
  'Inter',
  'Lato',
  'Noto Sans',
  'Open Sans',
  'Roboto',
  'Segoe UI',
  'Source Sans Pro',
  'Ubuntu',
  'Verdana',
  'system-ui',
];
const MOST_RADIUS = 16;
/** WCAG AA, for text. */
const LEAST_CONTRAST = 4.5;

/** `look` of `promenade:set`. Colours are `#rrggbb`. */
export type Look = {
  background: string;
  surface: string;
  text: string;
  accent: string;
  radius?: number;
  font?: string;
};

/** What Backstage asks of the page in the frame. */
export type Wish = { theme: 'light' | 'dark'; look?: Look };

type Channels = [number, number, number];

/** The look of a theme; none where its colours cannot be read or would leave text unreadable. */
export function lookOf(theme: Theme): Look | undefined {
  const { palette, shape, typography } = theme;
  const white: Channels = [255, 255, 255];
  const surface = read(palette.background.paper, white);
  const background = surface && read(palette.background.default, surface);
  const text = surface && read(palette.text.primary, surface);
  if (!surface || !background || !text) return undefined;
  const isReadable = (colour: Channels) =>
    [surface, background].every(ground => contrast(colour, ground) >= LEAST_CONTRAST);
  // Links in Backstage have a colour of their own, which Material UI's theme does not name.
  const { link } = palette as { link?: string };
  const accents = [link, palette.primary.main, palette.primary.dark, palette.primary.light];
  const accent = accents.map(colour => colour && read(colour, surface)).find(c => c && isReadable(c));
  if (!isReadable(text)) return undefined;
  return {
    background: hex(background),
    surface: hex(surface),
    text: hex(text),
    accent: hex(accent || text),
    radius: radiusOf(shape.borderRadius),
    font: fontOf(typography.fontFamily),
  };
}

function radiusOf(radius: unknown): number | undefined {
  const isPixels = typeof radius === 'string' && /^[\d.]+(px)?$/.test(radius);
  const size = isPixels ? Number.parseFloat(radius) : radius;
  if (typeof size !== 'number' || !(size >= 0)) return undefined;
  return Math.min(size, MOST_RADIUS);
}

function fontOf(families: string | undefined): string | undefined {
  const names = (families ?? '').split(',').map(name => name.trim().replace(/^["']|["']$/g, '').toLowerCase());
  const known = names.map(name => FONTS.find(font => font.toLowerCase() === name));
  return known.find(font => font !== undefined);
}

/** Any colour that a style sheet may write, over the colour below it. */
function read(colour: string, below: Channels): Channels | undefined {
  if (!CSS.supports('color', colour)) return undefined;
  const canvas = document.createElement('canvas').getContext('2d');
  if (!canvas) return undefined;
  // The canvas keeps the colour that it has where it cannot read one, such as var(--x).
  const [written, other] = ['#000000', '#ffffff'].map(before => {
    canvas.fillStyle = before;
    canvas.fillStyle = colour;
    return String(canvas.fillStyle);
  });
  // It reads currentcolor as black.
  if (written !== other || /currentcolor/i.test(colour)) return undefined;
  // The canvas writes a colour as #rrggbb, or as rgba() where it is transparent.
  const solid = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/.exec(written);
  if (solid) return [1, 2, 3].map(i => Number.parseInt(solid[i], 16)) as Channels;
  const parts = /^rgba\((\d+), (\d+), (\d+), ([\d.]+)\)$/.exec(written)?.slice(1).map(Number);
  if (!parts) return undefined;
  const alpha = parts[3];
  return below.map((channel, i) => Math.round(channel + (parts[i] - channel) * alpha)) as Channels;
}

function hex(channels: Channels): string {
  return `#${channels.map(c => c.toString(16).padStart(2, '0')).join('')}`;
}

/** WCAG's relative luminance. */
function luminance(channels: Channels): number {
  const [red, green, blue] = channels.map(channel => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG's ratio of contrast, from 1 to 21. */
function contrast(a: Channels, b: Channels): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}
