//! The `thumbwright` command: see `thumbwright --help`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
