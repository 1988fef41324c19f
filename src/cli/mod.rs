//! Arguments in, exit status out.

mod browser;
mod check;
mod demo;
mod init;
mod log;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::app::{App, StartError};
use crate::config::Settings;
use crate::diagnostic::Diagnostic;

/// Bad arguments (also clap's own status for them) and bad configs.
const COULD_NOT_BEGIN: u8 = 2;

/// The Prometheus alerts and graphs of every Backstage entity, on a page of its own
#[derive(Parser)]
#[command(name = "promenade", version, arg_required_else_help = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// How logs are written to standard error; their level is set by RUST_LOG
    #[arg(long, global = true, value_enum, default_value = "text")]
    log_format: OutputFormat,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the portal
    Serve {
        /// A config file; may repeat, and later files override earlier ones
        /// [default: config/app-config.yaml, then config/app-config.local.yaml if it exists]
        #[arg(long, value_name = "FILE")]
        config: Vec<PathBuf>,
        /// Where to listen, instead of what the config says [default: 127.0.0.1:7080]
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
    },
    /// Serves the whole portal on demo data, with nothing else installed or configured
    Demo {
        /// Where to listen
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7080")]
        listen: SocketAddr,
        /// Opens it in the browser
        #[arg(long)]
        open: bool,
    },
    /// Writes a config from the address of a Prometheus and a catalog, and says what they have
    Init(init::InitArguments),
    /// Validates config and catalog: ends with status 0 if all is well, 1 if not, 2 if it could not look
    Check(check::Arguments),
}

/// For people, or for programs.
#[derive(Clone, Copy, ValueEnum)]
enum OutputFormat {
    Text,
    Json,
}

/// Why a command ended without having done its work.
enum CommandError {
    /// The settings are wrong; all that is.
    Config(Vec<Diagnostic>),
    /// The arguments are wrong, or a config is missing, as a sentence.
    Usage(String),
    /// Anything else, as a sentence.
    Other(String),
}

/// The whole program: reads the process' arguments, runs the command, and prints on standard error what went wrong.
pub fn run() -> ExitCode {
    let arguments = CommandLine::parse();
    let otherwise = match arguments.command {
        Command::Check(_) | Command::Init(_) => log::REPORTING,
        Command::Serve { .. } | Command::Demo { .. } => log::SERVING,
    };
    log::begin(arguments.log_format, otherwise);
    let outcome = match arguments.command {
        Command::Serve { config, listen } => block_on(serve::run(config, listen)).map(|()| ExitCode::SUCCESS),
        Command::Demo { listen, open } => block_on(demo::run(listen, open)).map(|()| ExitCode::SUCCESS),
        Command::Init(arguments) => block_on(init::run(arguments)).map(|()| ExitCode::SUCCESS),
        Command::Check(arguments) => block_on(check::run(arguments)),
    };
    match outcome {
        Ok(status) => status,
        Err(CommandError::Config(faults)) => {
            log::complain(&serve::report(&faults));
            ExitCode::from(COULD_NOT_BEGIN)
        }
        Err(CommandError::Usage(sentence)) => {
            log::complain(&format!("promenade: {sentence}\n"));
            ExitCode::from(COULD_NOT_BEGIN)
        }
        Err(CommandError::Other(sentence)) => {
            log::complain(&format!("promenade: {sentence}\n"));
            ExitCode::FAILURE
        }
    }
}

fn block_on<T>(command: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::Other(format!("cannot start the runtime: {error}")))?
        .block_on(command)
}

/// Serves until a signal ends it; calls `ready` with the address once it listens.
async fn serve_app(settings: Settings, ready: impl FnOnce(SocketAddr)) -> Result<(), CommandError> {
    let (listen, prefix) = (settings.listen, settings.web.prefix().to_owned());
    let app = App::start(settings).await.map_err(|error| CommandError::Other(not_started(&error, listen)))?;
    let root = browser::address_to_open(app.address());
    let url = format!("{}{prefix}/", root.trim_end_matches('/'));
    tracing::info!(%url, address = %app.address(), "serving");
    if let Some(address) = app.admin_address() {
        tracing::info!(%address, "serving operators apart");
    }
    ready(app.address());
    app.run().await.map_err(|error| CommandError::Other(format!("the server ended: {error}")))
}

/// Why the portal cannot start, and what to do about an address that cannot be had.
fn not_started(error: &StartError, listen: SocketAddr) -> String {
    match error {
        StartError::Listen { address, .. } if *address == listen => {
            format!(
                "{error}. --listen chooses another address, as in --listen 127.0.0.1:{}",
                other_port(listen)
            )
        }
        StartError::Listen { .. } => format!("{error}. promenade.adminListen chooses another address"),
        _ => error.to_string(),
    }
}

/// One that needs no permission.
fn other_port(taken: SocketAddr) -> u16 {
    if taken.port() == 7081 { 7082 } else { 7081 }
}
