//! Hashes and compresses the static files, and writes the table that `web::assets` serves from. Also writes the style
//! sheet's colours as Rust, for `chart::palette`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The parts of the portal's own script, in the order in which they run.
const SCRIPT_PARTS: [&str; 21] = [
    "page",
    "numbers",
    "times",
    "axes",
    "charts",
    "tail",
    "option",
    "tooltip",
    "legend",
    "colours",
    "address",
    "window",
    "touch",
    "crosshair",
    "keys",
    "refresh",
    "rows",
    "list",
    "notify",
    "copy",
    "begin",
];

/// One file of `static/`, as it is served.
struct File {
    /// Path under `static/`, with forward slashes: `js/portal.js`.
    name: String,
    content_type: &'static str,
    sha256: String,
    bytes: Vec<u8>,
}

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=static");
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("static");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);

    let mut files = Vec::new();
    for folder in ["css", "img", "vendor"] {
        collect(&root, &root.join(folder), &mut files)?;
    }
    files.push(File::of_script("js/portal.js", &joined_parts(&root.join("js/portal"))?)?);
    for name in ["js/look.js", "js/frame.js"] {
        files.push(File::of_script(name, &fs::read_to_string(root.join(name))?)?);
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    verify_vendor(&files, &fs::read_to_string(root.join("vendor/README.md"))?)?;
    refuse_references(&files)?;

    let mut table = String::from("&[\n");
    for file in &files {
        write_row(file, &out, &mut table)?;
    }
    table.push_str("]\n");
    fs::write(out.join("assets.rs"), table)?;
    fs::write(out.join("colours.rs"), colours(&fs::read_to_string(root.join("css/tokens.css"))?)?)?;
    Ok(())
}

/// What is served, by ending. Anything else in the folders (licences, notes) stays out of the binary.
fn content_type(path: &Path) -> Option<&'static str> {
    match path.extension()?.to_str()? {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        _ => None,
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let Some(content_type) = content_type(&path) {
            let bytes = fs::read(&path)?;
            let name = path.strip_prefix(root)?.to_str().ok_or("a file name that is not UTF-8")?;
            let name = name.replace(std::path::MAIN_SEPARATOR, "/");
            files.push(File { name, content_type, sha256: sha256(&bytes), bytes });
        }
    }
    Ok(())
}

impl File {
    /// A script of the portal's own, in one scope of its own, without comments and blanks.
    fn of_script(name: &str, script: &str) -> Result<Self> {
        let bytes = format!("(()=>{{\"use strict\";{}}})();\n", minifier::js::minify(script)?).into_bytes();
        let content_type = "text/javascript; charset=utf-8";
        Ok(Self { name: name.to_owned(), content_type, sha256: sha256(&bytes), bytes })
    }
}

/// One script of all parts.
fn joined_parts(folder: &Path) -> Result<String> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let known = |part: &&str| path.file_name().is_some_and(|name| name == format!("{part}.js").as_str());
        if !SCRIPT_PARTS.iter().any(known) {
            return Err(format!("{} is no part of SCRIPT_PARTS", path.display()).into());
        }
    }
    let mut script = String::new();
    for part in SCRIPT_PARTS {
        script.push_str(&fs::read_to_string(folder.join(format!("{part}.js")))?);
    }
    Ok(script)
}

/// The colours of both themes that a picture outside a page has, which cannot refer to the style sheet.
fn colours(tokens: &str) -> Result<String> {
    let mut rust = String::new();
    for (theme, is_dark) in [("LIGHT", false), ("DARK", true)] {
        let one = |name: &str| colour(tokens, name, is_dark);
        let series = (0..10).map(|i| one(&format!("series-{i}"))).collect::<Result<Vec<_>>>()?;
        let (surface, text, muted) = (one("surface")?, one("text")?, one("text-muted")?);
        let grid = one("grid")?;
        writeln!(
            rust,
            "pub(super) const {theme}: Colours = Colours {{ surface: {surface:?}, text: {text:?}, \
             muted: {muted:?}, grid: {grid:?}, series: {series:?} }};"
        )?;
    }
    Ok(rust)
}

/// From a line `--text: light-dark(#1a1f27, #dde2ea);`
fn colour(tokens: &str, name: &str, is_dark: bool) -> Result<String> {
    let start = format!("--{name}: light-dark(");
    let line = tokens.lines().find_map(|line| line.trim().strip_prefix(&start)?.strip_suffix(");"));
    let (light, dark) =
        line.and_then(|pair| pair.split_once(", ")).ok_or_else(|| format!("tokens.css has no {start}..."))?;
    Ok(if is_dark { dark } else { light }.to_owned())
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A vendored file must be the one that its README names, to the byte.
fn verify_vendor(files: &[File], readme: &str) -> Result<()> {
    for file in files {
        let Some(name) = file.name.strip_prefix("vendor/") else { continue };
        let row = format!("| {name} |");
        let is_named = readme.lines().any(|line| line.starts_with(&row) && line.contains(&file.sha256));
        if !is_named {
            return Err(
                format!("static/vendor/README.md does not give {name} the SHA-256 {}", file.sha256).into()
            );
        }
    }
    Ok(())
}

/// A style sheet cannot know another file's hashed name, so a reference in it would be a 404 for every reader.
fn refuse_references(files: &[File]) -> Result<()> {
    for file in files.iter().filter(|f| f.name.ends_with(".css")) {
        let text = std::str::from_utf8(&file.bytes)?;
        let refers = text.split("url(").skip(1).any(|rest| {
            let target = rest.trim_start_matches(['"', '\'']);
            !target.starts_with("data:") && !target.starts_with('#')
        });
        if refers || text.contains("@import") {
            return Err(
                format!("static/{} refers to another file: link it from the layout", file.name).into()
            );
        }
    }
    Ok(())
}

/// `css/panels.css` -> `css/panels.0123456789ab.css`
fn hashed_name(name: &str, sha256: &str) -> Result<String> {
    let (stem, ending) = name.rsplit_once('.').ok_or("a file without an ending")?;
    let short = sha256.get(..12).ok_or("a short hash")?;
    Ok(format!("{stem}.{short}.{ending}"))
}

fn write_row(file: &File, out: &Path, table: &mut String) -> Result<()> {
    let folder = out.join("assets");
    fs::create_dir_all(&folder)?;
    let plain = kept(&folder, &file.sha256, || Ok(file.bytes.clone()))?;
    let gzip = kept(&folder, &format!("{}.gz", file.sha256), || gzip(&file.bytes))?;
    let brotli = kept(&folder, &format!("{}.br", file.sha256), || brotli(&file.bytes))?;
    let smaller = |packed: &Path| -> Result<String> {
        let worth = fs::metadata(packed)?.len() < file.bytes.len() as u64;
        Ok(if worth { format!("Some({})", include(packed)?) } else { "None".into() })
    };
    writeln!(
        table,
        "Asset {{ name: {:?}, path: {:?}, sha256: {:?}, content_type: {:?}, identity: {}, gzip: {}, brotli: {} }},",
        file.name,
        format!("static/{}", hashed_name(&file.name, &file.sha256)?),
        file.sha256,
        file.content_type,
        include(&plain)?,
        smaller(&gzip)?,
        smaller(&brotli)?,
    )?;
    Ok(())
}

fn include(path: &Path) -> Result<String> {
    Ok(format!("include_bytes!({:?})", path.to_str().ok_or("an output path that is not UTF-8")?))
}

/// Kept under its content's hash, so that an edit of one file does not compress the others again.
fn kept(folder: &Path, name: &str, make: impl FnOnce() -> Result<Vec<u8>>) -> Result<PathBuf> {
    let path = folder.join(name);
    if !path.exists() {
        // Renamed into place: a build that is stopped half way must not leave a cut file behind.
        let draft = folder.join(format!("{name}.draft"));
        fs::write(&draft, make()?)?;
        fs::rename(&draft, &path)?;
    }
    Ok(path)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    {
        let mut encoder = brotli::CompressorWriter::new(&mut packed, 1 << 16, 11, 22);
        encoder.write_all(bytes)?;
        encoder.flush()?;
    }
    Ok(packed)
}
