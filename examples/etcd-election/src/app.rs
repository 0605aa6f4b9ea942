//! The application: an ordinary program of which one instance at a time is to work, elected through etcd.
//!
//! It is written against `etcd-client` and `tokio` and knows nothing of simulation: no clock but tokio's, no network but what these
//! two offer, and what it has to say it says in its log. With `--cfg madsim` the two names mean madsim's simulators of them; without, this
//! file compiles against the real ones.
//!
//! Every instance holds a lease, which a task keeps alive, and campaigns with it. Whoever wins writes records to a store, until the
//! lease is lost. The revision of the election's key is the fencing token: it goes with every write.

use etcd_client::{Client, LeaseClient, ResignOptions};
use std::convert::Infallible;
use std::io;
use std::ops::Range;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, sleep, timeout};
use tracing::{debug, info};

/// How an instance is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its name, in the log and at the store.
    pub name: String,
    /// Where etcd is: `HOST:PORT`.
    pub etcd: String,
    /// Where the store is: `HOST:PORT`.
    pub store: String,
    /// What is contended for.
    pub election: String,
    /// The lease's time to live, in seconds.
    pub ttl: u32,
    /// How careful it is.
    pub care: Care,
    /// How often it writes while it leads.
    pub write_every: Duration,
    /// How long it takes to put a record together, from the shortest to the longest.
    pub prepare: Range<Duration>,
}

/// What an instance does lest two of them work at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// It leads until it is told otherwise, and its writes carry no token.
    Naive,
    /// Its writes carry the token, and before each of them it looks at its clock whether its lease still runs.
    Fenced {
        /// So much before its end the lease counts as over.
        margin: Duration,
    },
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long to wait before another attempt, after anything has gone wrong.
const BACK_OFF: Duration = Duration::from_millis(200);

/// Runs an instance, for ever.
pub async fn contender(options: Options) {
    loop {
        let Err(reason) = session(&options).await;
        info!(name = options.name, %reason, "starting over");
        sleep(BACK_OFF).await;
    }
}

/// Lives as long as one lease.
async fn session(options: &Options) -> Result<Infallible, Failure> {
    let ttl = Duration::from_secs(options.ttl.into());
    let client = Client::connect([options.etcd.as_str()], None).await?;
    let asked = Instant::now();
    let granted = timeout(ttl, client.lease_client().grant(options.ttl.into(), None)).await??;
    let (renewed, lease) = watch::channel(note_renewal(options, asked));
    let keeper = keep_alive(options.clone(), client.lease_client(), granted.id(), renewed);
    let mut keeper = Keeper(tokio::spawn(keeper));
    tokio::select! {
        biased;
        ended = &mut keeper.0 => Err(ended?),
        over = campaign(options, &client, granted.id(), lease) => over,
    }
}

/// The task that keeps the lease. It ends with its owner.
struct Keeper(JoinHandle<Failure>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Keeps a lease alive for as long as that works; says why it did not.
async fn keep_alive(
    options: Options,
    client: LeaseClient,
    lease: i64,
    renewed: watch::Sender<Instant>,
) -> Failure {
    match renew(&options, client, lease, renewed).await {
        Ok(()) => "the lease is over".into(),
        Err(failure) => failure,
    }
}

async fn renew(
    options: &Options,
    mut client: LeaseClient,
    lease: i64,
    renewed: watch::Sender<Instant>,
) -> Result<(), Failure> {
    let mut asked = Instant::now();
    let (mut keeper, mut answers) = client.keep_alive(lease).await?;
    loop {
        renewed.send_replace(note_renewal(options, asked));
        sleep(Duration::from_secs(options.ttl.into()) / 3).await;
        asked = Instant::now();
        keeper.keep_alive().await?;
        match answers.message().await? {
            Some(answer) if answer.ttl() > 0 => {}
            _ => return Ok(()),
        }
    }
}

/// Until when the lease is good that was asked for at this time. It runs from then on: when the server answered nobody here knows.
fn note_renewal(options: &Options, asked: Instant) -> Instant {
    let ttl = Duration::from_secs(options.ttl.into());
    let Care::Fenced { margin } = options.care else { return asked + ttl };
    let until = asked + ttl.saturating_sub(margin);
    let good_for_us = until.saturating_duration_since(Instant::now()).as_micros() as u64;
    debug!(name = options.name, good_for_us, "lease renewed");
    until
}

/// Waits for the leadership, and leads.
async fn campaign(
    options: &Options,
    client: &Client,
    lease: i64,
    good_until: watch::Receiver<Instant>,
) -> Result<Infallible, Failure> {
    let mut elections = client.election_client();
    let won = elections.campaign(options.election.as_str(), options.name.as_str(), lease).await?;
    let key = won.leader().ok_or("etcd names no key")?.clone();
    let reign = Reign::begin(&options.name, key.rev());
    let Err(reason) = lead(options, key.rev(), good_until).await;
    drop(reign);
    // Others need not wait for the lease to run out. If it has run out already, there is nothing to resign from.
    let _ = timeout(BACK_OFF, elections.resign(Some(ResignOptions::new().with_leader(key)))).await;
    Err(reason)
}

/// Writes one record after the other.
async fn lead(
    options: &Options,
    token: i64,
    good_until: watch::Receiver<Instant>,
) -> Result<Infallible, Failure> {
    let mut store = Store::connect(&options.store).await?;
    let mut due = interval(options.write_every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 1_u32.. {
        due.tick().await;
        let token = match options.care {
            Care::Naive => None,
            Care::Fenced { .. } if Instant::now() >= *good_until.borrow() => {
                return Err("the lease has run out by the clock".into());
            }
            Care::Fenced { .. } => Some(token),
        };
        prepare(options, number).await;
        store.write(&options.name, token, number).await?;
    }
    Err("out of numbers".into())
}

/// Puts a record together. Some take longer than others.
async fn prepare(options: &Options, number: u32) {
    let Range { start, end } = options.prepare;
    let takes = start + end.saturating_sub(start) * (number.wrapping_mul(0x9e37_79b9) >> 22) / 1024;
    if !takes.is_zero() {
        sleep(takes).await;
    }
}

/// Says in the log when a reign begins and ends.
struct Reign<'a> {
    name: &'a str,
}

impl Reign<'_> {
    fn begin(name: &str, token: i64) -> Reign<'_> {
        info!(name, token, "leading");
        Reign { name }
    }
}

impl Drop for Reign<'_> {
    fn drop(&mut self) {
        info!(name = self.name, "no longer leading");
    }
}

/// A connection to the store, which speaks in lines: `write NAME TOKEN NUMBER`, `-` for no token, answered by `taken` or
/// `refused`.
struct Store {
    stream: BufReader<TcpStream>,
}

impl Store {
    async fn connect(address: &str) -> io::Result<Store> {
        Ok(Store { stream: BufReader::new(TcpStream::connect(address).await?) })
    }

    async fn write(&mut self, name: &str, token: Option<i64>, number: u32) -> Result<(), Failure> {
        let token = token.map_or("-".to_owned(), |token| token.to_string());
        self.stream.write_all(format!("write {name} {token} {number}\n").as_bytes()).await?;
        self.stream.flush().await?;
        let mut answer = String::new();
        self.stream.read_line(&mut answer).await?;
        match answer.trim_end() {
            "taken" => Ok(()),
            "refused" => Err("the store has seen a later leader".into()),
            "" => Err("the store has closed the connection".into()),
            other => Err(format!("the store answers `{other}`").into()),
        }
    }
}
