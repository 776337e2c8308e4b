//! The `thumbwright` command: see `thumbwright --help`.

fn main() -> std::process::ExitCode {
    thumbwright::cli::main()
}
