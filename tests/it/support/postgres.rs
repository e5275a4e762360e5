//! A Postgres of the tests' own, from the server installed on this machine: one cluster for the whole test process,
//! a fresh database for each test. It lives as long as the process that started it, however that one ends.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Sets up a cluster, says where it is, and takes it down when its standard input ends: that is, when the tests do.
/// Clusters whose keeper was killed are swept by the next one.
const KEEPER: &str = r#"
set -e
umask 077
for old in "${TMPDIR:-/tmp}"/deskhand-pg-*; do
    if [ -f "$old/keeper" ] && ! kill -0 "$(cat "$old/keeper")" 2>/dev/null; then
        "$BIN/pg_ctl" -D "$old/data" -m immediate -s stop >/dev/null 2>&1 || true
        rm -rf "$old"
    fi
done
dir=$(mktemp -d "${TMPDIR:-/tmp}/deskhand-pg-XXXXXX")
echo $$ > "$dir/keeper"
trap 'exit 1' INT TERM HUP
end() {
    # It may have been frozen by a story that failed.
    kill -CONT "$(head -n 1 "$dir/data/postmaster.pid")" 2>/dev/null || true
    "$BIN/pg_ctl" -D "$dir/data" -m immediate -s stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap end EXIT
"$BIN/initdb" -D "$dir/data" -U deskhand --auth=trust -E UTF8 --locale=C.UTF-8 -N >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }
printf 'host all locked all scram-sha-256\n' | cat - "$dir/data/pg_hba.conf" > "$dir/hba"
mv "$dir/hba" "$dir/data/pg_hba.conf"
cat >> "$dir/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $PORT
unix_socket_directories = '$dir'
max_connections = 300
shared_buffers = 32MB
fsync = $FSYNC
END
"$BIN/pg_ctl" -D "$dir/data" -l "$dir/log" -s -w start >/dev/null 2>&1 || { cat "$dir/log" >&2; exit 1; }
echo "$dir"
cat >/dev/null
"#;

/// A running server.
pub(crate) struct Cluster {
    bin: PathBuf,
    dir: PathBuf,
    port: u16,
    /// Its standard input keeps the server alive.
    _keeper: Child,
}

impl Cluster {
    /// Starts a server of one's own. `None`, with a line that says so, where Postgres is not installed; a failure
    /// with `CI=true`.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("off")
    }

    /// The same, with `fsync` on or off: off loses nothing unless the machine itself stops.
    pub(crate) fn start_with(fsync: &str) -> Option<Self> {
        let Some(bin) = binaries() else {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "Postgres is not installed, and CI needs it"
            );
            eprintln!(
                "SKIPPED on Postgres: no initdb in PATH or /usr/lib/postgresql/*/bin (apt-get install postgresql)"
            );
            return None;
        };
        // A port that is free now may be taken by the time the server wants it.
        let mut failure = String::new();
        for _ in 0..3 {
            match Self::try_start(&bin, fsync) {
                Ok(cluster) => return Some(cluster),
                Err(cause) => failure = cause,
            }
        }
        panic!("the tests' own Postgres did not start: {failure}");
    }

    fn try_start(bin: &Path, fsync: &str) -> Result<Self, String> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| error.to_string())?.port();
        let mut keeper = as_postgres("sh")
            .args(["-c", KEEPER])
            .env("BIN", bin)
            .env("PORT", port.to_string())
            .env("FSYNC", fsync)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .current_dir("/")
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut dir = String::new();
        let said = keeper.stdout.take().ok_or("no output")?;
        BufReader::new(said).read_line(&mut dir).map_err(|error| error.to_string())?;
        if dir.trim().is_empty() {
            return Err(format!("its keeper ended with {:?}", keeper.wait()));
        }
        Ok(Self { bin: bin.to_owned(), dir: dir.trim().into(), port, _keeper: keeper })
    }

    /// The address of a new, empty database.
    pub(crate) async fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name}")).await;
        self.address("deskhand", &name)
    }

    /// Runs a statement as the superuser.
    pub(crate) async fn execute(&self, sql: &str) {
        let mut db = PgConnection::connect(&self.address("deskhand", "postgres")).await.expect("the server");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut db).await.expect("the statement to run");
        db.close().await.expect("a farewell");
    }

    /// The address of a database for a user.
    pub(crate) fn address(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Pulls the plug: no checkpoint, no farewell.
    pub(crate) async fn crash(&self) {
        let data = self.dir.join("data");
        self.run("pg_ctl", &["-D", &data.to_string_lossy(), "-m", "immediate", "-s", "-w", "stop"]).await;
    }

    /// Starts the server again after a crash.
    pub(crate) async fn restart(&self) {
        let (data, log) = (self.dir.join("data"), self.dir.join("log"));
        let (data, log) = (data.to_string_lossy(), log.to_string_lossy());
        self.run("pg_ctl", &["-D", &data, "-l", &log, "-s", "-w", "start"]).await;
    }

    /// Lets every process of the server stand still: connections stay open, and nothing answers.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets them go on.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let file = std::fs::read_to_string(self.dir.join("data/postmaster.pid")).expect("a running server");
        let postmaster = file.lines().next().expect("its process id");
        // The one that starts others first, and only once it stands still is it asked for them: so none is missed.
        kill(signal, &[postmaster]);
        if signal == "-STOP" {
            stands_still(postmaster);
        }
        let children = format!("/proc/{postmaster}/task/{postmaster}/children");
        let children = std::fs::read_to_string(children).expect("its processes");
        let children: Vec<&str> = children.split_whitespace().collect();
        kill(signal, &children);
        if signal == "-STOP" {
            children.into_iter().for_each(stands_still);
        }
    }

    async fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = as_postgres(self.bin.join(program));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).current_dir("/");
        let ran = tokio::task::spawn_blocking(move || command.status()).await;
        let status = ran.expect("a command to run").expect("a status");
        assert!(status.success(), "{program} {arguments:?} ended with {status}");
    }
}

fn kill(signal: &str, processes: &[&str]) {
    let status = Command::new("kill").arg(signal).args(processes).status().expect("a status");
    // One may have ended by itself meanwhile.
    assert!(status.success() || status.code() == Some(1), "kill ended with {status}");
}

/// Waits until a process is stopped, or gone.
fn stands_still(process: &str) {
    // The state stands behind the name, which is in brackets.
    let state = || std::fs::read_to_string(format!("/proc/{process}/stat")).ok();
    while state()
        .is_some_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with(['T', 'Z']))
    {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// The server that the tests share; `None` where Postgres is not installed.
pub(crate) fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED.get_or_init(Cluster::start).as_ref()
}

/// The folder with `initdb`: the one in PATH, or the newest that Debian keeps.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    debian.sort_by_key(|folder| std::cmp::Reverse(version_of(folder)));
    folders.append(&mut debian);
    folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

fn version_of(bin: &Path) -> u32 {
    let version = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    version.and_then(|name| name.parse().ok()).unwrap_or(0)
}

/// Postgres refuses to run as root.
fn as_postgres(program: impl Into<OsString>) -> Command {
    let root =
        std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
    if root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program.into());
        command
    } else {
        Command::new(program.into())
    }
}
