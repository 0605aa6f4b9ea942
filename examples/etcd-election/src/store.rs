//! The store: a server that takes records of one leader at a time. Behind it is the fenced resource of the world.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Says whether a write is taken.
pub(crate) trait Judge: Send + Sync + 'static {
    /// Judges a write of this instance, by this token.
    fn offer(&self, name: &str, token: Option<u64>) -> bool;
}

/// Serves every connection, for as long as its machine lives.
pub(crate) async fn serve(address: SocketAddr, judge: Arc<impl Judge>) {
    let Ok(listener) = TcpListener::bind(address).await else { return };
    while let Ok((stream, _)) = listener.accept().await {
        let judge = Arc::clone(&judge);
        tokio::spawn(async move {
            // A connection that breaks is its writer's business.
            let _ = serve_one(stream, &*judge).await;
        });
    }
}

async fn serve_one(stream: TcpStream, judge: &impl Judge) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let answer = match parse(&line) {
            Some((name, token)) if judge.offer(name, token) => "taken\n",
            Some(_) => "refused\n",
            None => "what?\n",
        };
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
        line.clear();
    }
    Ok(())
}

/// `write NAME TOKEN NUMBER`, with `-` for no token.
fn parse(line: &str) -> Option<(&str, Option<u64>)> {
    let mut words = line.split_whitespace();
    let (verb, name, token) = (words.next()?, words.next()?, words.next()?);
    let token = if token == "-" { None } else { Some(token.parse().ok()?) };
    (verb == "write").then_some((name, token))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_write_names_its_writer_and_its_token_or_none() {
        assert_eq!(parse("write n1 42 7\n"), Some(("n1", Some(42))));
        assert_eq!(parse("write n1 - 7\n"), Some(("n1", None)), "a dash is no token");
        assert_eq!(parse("write n1 soon 7\n"), None, "what is no number is no token");
        assert_eq!(parse("read n1 42 7\n"), None);
    }
}
