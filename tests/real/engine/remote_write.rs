//! Prometheus' remote write protocol: a protobuf message, which snappy may leave uncompressed.

use promenade::engine::{ClosedSeries, EngineLabels};

use super::series::{INTERVAL_MS, SCRAPES};

/// The value that marks a series as stale.
pub const STALE: u64 = 0x7ff0_0000_0000_0002;
/// Scrapes in one request. Prometheus refuses samples that are an hour older than its newest.
const BATCH: i64 = 120;

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A field of bytes.
fn bytes(field: u8, value: &[u8], out: &mut Vec<u8>) {
    out.push(field << 3 | 2);
    varint(value.len() as u64, out);
    out.extend(value);
}

fn sample(bits: u64, at_ms: i64) -> Vec<u8> {
    let mut out = vec![1 << 3 | 1];
    out.extend(bits.to_le_bytes());
    out.push(2 << 3);
    varint(at_ms.cast_unsigned(), &mut out);
    out
}

fn series(labels: &EngineLabels, samples: &[(u64, i64)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in labels.iter() {
        let mut label = Vec::new();
        bytes(1, name.as_bytes(), &mut label);
        bytes(2, value.as_bytes(), &mut label);
        bytes(1, &label, &mut out);
    }
    samples.iter().for_each(|(bits, at)| bytes(2, &sample(*bits, *at), &mut out));
    out
}

/// Literals only.
fn snappy(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(message.len() as u64, &mut out);
    for part in message.chunks(1 << 16) {
        out.push(61 << 2);
        out.extend(u16::try_from(part.len() - 1).unwrap().to_le_bytes());
        out.extend(part);
    }
    out
}

/// The body of a request that writes samples: the bits of a value, and epoch milliseconds.
pub fn request(all: &[(EngineLabels, Vec<(u64, i64)>)]) -> Vec<u8> {
    let mut message = Vec::new();
    for (labels, samples) in all.iter().filter(|(_, samples)| !samples.is_empty()) {
        bytes(1, &series(labels, samples), &mut message);
    }
    snappy(&message)
}

/// The bodies of requests that write the whole history, with staleness as after real scrapes.
pub fn requests(all: &[ClosedSeries], end_ms: i64) -> Vec<Vec<u8>> {
    let at = |i: i64| end_ms + (i - SCRAPES) * INTERVAL_MS;
    let batch = |first: i64| {
        let of = |one: &ClosedSeries| {
            let scrapes = first..(first + BATCH).min(SCRAPES + 1);
            let samples = scrapes.filter_map(|i| match (one.samples)(at(i)) {
                Some(value) => Some((value.to_bits(), at(i))),
                None => (i > 0 && (one.samples)(at(i - 1)).is_some()).then_some((STALE, at(i))),
            });
            (one.labels.clone(), samples.collect())
        };
        request(&all.iter().map(of).collect::<Vec<_>>())
    };
    (0..=SCRAPES / BATCH).map(|n| batch(n * BATCH)).collect()
}
