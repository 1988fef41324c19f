//! Makes screenshots small: a page has few colours, so 256 of them and an index are a third of the bytes.

use std::collections::HashMap;
use std::io::{Read, Write};

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc, read::ZlibDecoder};

type Colour = [u8; 3];

const SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1a\n";
const COLOURS: usize = 256;

/// The picture in its 256 most frequent colours, others as the nearest of them. Takes what Chromium writes: eight
/// bits each of red, green and blue, not interlaced.
pub fn with_palette(png: &[u8]) -> Vec<u8> {
    let (width, height, packed) = parts(png);
    let mut raw = Vec::new();
    ZlibDecoder::new(packed.as_slice()).read_to_end(&mut raw).unwrap();
    let rows = unfiltered(&raw, width * 3);
    assert_eq!(rows.len(), height);
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    for pixel in rows.iter().flat_map(|row| row.chunks_exact(3)) {
        *counts.entry(pixel.try_into().unwrap()).or_default() += 1;
    }
    let mut palette: Vec<(usize, Colour)> =
        counts.into_iter().map(|(colour, count)| (count, colour)).collect();
    palette.sort_unstable_by(|a, b| b.cmp(a));
    palette.truncate(COLOURS);
    let palette: Vec<Colour> = palette.into_iter().map(|(_, colour)| colour).collect();
    let mut places: HashMap<Colour, u8> = HashMap::new();
    let mut indexed = Vec::with_capacity(width * height + height);
    for row in &rows {
        indexed.push(0);
        indexed.extend(row.chunks_exact(3).map(|pixel| {
            let colour: Colour = pixel.try_into().unwrap();
            *places.entry(colour).or_insert_with(|| nearest(&palette, colour))
        }));
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&indexed).unwrap();
    let dimension = |n: usize| u32::try_from(n).unwrap().to_be_bytes();
    let head = [&dimension(width)[..], &dimension(height), &[8, 3, 0, 0, 0]].concat();
    let mut out = SIGNATURE.to_vec();
    for (kind, body) in [
        (b"IHDR", head),
        (b"PLTE", palette.concat()),
        (b"IDAT", encoder.finish().unwrap()),
        (b"IEND", Vec::new()),
    ] {
        out.extend(dimension(body.len()));
        out.extend(kind);
        out.extend(&body);
        let mut crc = Crc::new();
        crc.update(kind);
        crc.update(&body);
        out.extend(crc.sum().to_be_bytes());
    }
    out
}

/// Width, height and the compressed rows.
fn parts(png: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut rest = png.strip_prefix(SIGNATURE).expect("a PNG");
    let (mut size, mut packed) = ((0, 0), Vec::new());
    while !rest.is_empty() {
        let number = |at: usize| u32::from_be_bytes(rest[at..at + 4].try_into().unwrap()) as usize;
        let length = number(0);
        let body = &rest[8..8 + length];
        match &rest[4..8] {
            b"IHDR" => {
                assert_eq!(body[8..], [8, 2, 0, 0, 0], "another kind of PNG");
                size = (number(8), number(12));
            }
            b"IDAT" => packed.extend(body),
            _ => {}
        }
        rest = &rest[12 + length..];
    }
    (size.0, size.1, packed)
}

/// The rows as they were before each was written as differences to its neighbours.
fn unfiltered(raw: &[u8], stride: usize) -> Vec<Vec<u8>> {
    let mut rows: Vec<Vec<u8>> = Vec::new();
    let mut above = vec![0; stride];
    for line in raw.chunks_exact(stride + 1) {
        let mut row = line[1..].to_vec();
        for i in 0..stride {
            let [left, corner] = if i >= 3 { [row[i - 3], above[i - 3]] } else { [0, 0] };
            let up = above[i];
            let by = match line[0] {
                0 => 0,
                1 => left,
                2 => up,
                3 => u8::midpoint(left, up),
                4 => paeth(left, up, corner),
                other => panic!("filter {other}"),
            };
            row[i] = row[i].wrapping_add(by);
        }
        above.clone_from(&row);
        rows.push(row);
    }
    rows
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |of: u8| (guess - i16::from(of)).abs();
    // The first of those that are as near.
    [left, up, corner].into_iter().min_by_key(|of| distance(*of)).unwrap()
}

fn nearest(palette: &[Colour], colour: Colour) -> u8 {
    let distance = |known: &Colour| {
        let parts = known.iter().zip(colour);
        parts.map(|(a, b)| i32::from(*a) - i32::from(b)).map(|d| d * d).sum::<i32>()
    };
    let place = (0..palette.len()).min_by_key(|i| distance(&palette[*i])).unwrap();
    u8::try_from(place).unwrap()
}
