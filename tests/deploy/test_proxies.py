"""What stands in front of a node: no log of anybody, no copy of a body, no word about who asked, no deadline against ours."""

from tests.deploy.blocks import caddy, nginx, seconds, size, words_of
from tests.deploy.promises import RUN, Promise, check
from tocsin.crypto.profiles import CHUNK_LIMIT
from tocsin.people.session import COOKIE
from tocsin.web import body, server

NGINX = (RUN / "nginx" / "tocsin.conf").read_text()
CADDY = (RUN / "caddy" / "Caddyfile").read_text()
FORWARDED = (
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via", "User-Agent", "Referer",
)  # fmt: skip
LONGEST_BODY_S = body.GRACE_SECONDS + CHUNK_LIMIT / body.LEAST_BYTES_PER_SECOND
IN_HTTP, IN_PLACE = ("http",), ("http", "server", "location")
IN_PROXY, IN_SITE = ("city.example", "reverse_proxy"), ("city.example",)


def one(found: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The only one; nothing where there is none or more."""
    return found[0] if len(found) == 1 else ()


def nginx_logs_nobody(text: str) -> bool:
    found = nginx(text)
    errors = [(one.words, one.inside) for one in found if one.name == "error_log"]
    return (
        [(each.words, each.inside) for each in found if each.name == "access_log"] == [(("off",), IN_HTTP)]
        and errors == [(("stderr", "crit"), ()), (("/dev/null", "emerg"), IN_HTTP)]
        and not words_of(found, "log_format", *IN_HTTP)
    )


def nginx_streams(text: str) -> bool:
    found = nginx(text)
    kept = [one(words_of(found, name, *IN_HTTP)) for name in ("client_body_temp_path", "proxy_temp_path")]
    return (
        one(words_of(found, "proxy_request_buffering", *IN_PLACE)) == ("off",)
        and one(words_of(found, "proxy_buffering", *IN_PLACE)) == ("off",)
        and one(words_of(found, "proxy_max_temp_file_size", *IN_HTTP)) == ("0",)
        and all(words and words[0].startswith("/run/") for words in kept)
    )


def nginx_drops_who_asked(text: str) -> bool:
    sent = dict(words for words in words_of(nginx(text), "proxy_set_header", *IN_PLACE) if len(words) == 2)
    own = {"Host": "$host", "Connection": '""', "Cookie": "$staffs_cookie"}
    return sent == dict.fromkeys(FORWARDED, '""') | own


def nginx_leads_on_one_cookie(text: str) -> bool:
    inside = text.partition("map $http_cookie $staffs_cookie {")[2].partition("}")[0].split()
    return inside == ["default", '"";', f'"~(?<found>{COOKIE}=[A-Za-z0-9_-]+)"', "$found;"]


def caddy_leads_on_one_cookie(text: str) -> bool:
    [line] = [line.split(maxsplit=2) for line in text.splitlines() if "header_up Cookie" in line] or [["", "", ""]]
    return line[2] == rf'"^(?:.*?({COOKIE}=[A-Za-z0-9_-]+).*|.*)$" "$1"'


def nginx_waits_as_the_node(text: str) -> bool:
    found = nginx(text)
    waits = {name: one(words_of(found, name, *IN_HTTP)) for name in ("client_header_timeout", "client_body_timeout")}
    kept = one(words_of(found, "keepalive_timeout", "http", "upstream"))
    if not all([*waits.values(), kept]):
        return False
    return (
        seconds(waits["client_header_timeout"][0]) <= server.HEADER_SECONDS
        and body.GRACE_SECONDS <= seconds(waits["client_body_timeout"][0]) <= 2 * body.GRACE_SECONDS
        and seconds(kept[0]) < server.KEEP_ALIVE_SECONDS
    )


def nginx_limits_sizes(text: str) -> bool:
    found = nginx(text)
    largest = one(words_of(found, "client_max_body_size", *IN_HTTP))
    heads = one(words_of(found, "large_client_header_buffers", *IN_HTTP))
    if not largest or not heads:
        return False
    return CHUNK_LIMIT < size(largest[0]) < 2 * CHUNK_LIMIT and int(heads[0]) * size(heads[1]) <= server.HEADER_BYTES


def test_nginx_keeps_its_promises() -> None:
    promises = {
        "no log of a client": Promise(
            nginx_logs_nobody,
            (
                (r"^    access_log off;$", ""),
                (r"access_log off", "access_log /var/log/nginx/access.log"),
                (r"error_log /dev/null emerg", "error_log /dev/null2 crit"),
                (r"^    error_log .*$", ""),
                (r"error_log stderr crit", "error_log stderr info"),
                (r"(proxy_cache off;)", r"\1 access_log /var/log/nginx/tocsin.log;"),
            ),
        ),
        "bodies are streamed": Promise(
            nginx_streams,
            (
                (r"proxy_request_buffering off", "proxy_request_buffering on"),
                (r"^.*proxy_request_buffering.*\n", ""),
                (r"^.*proxy_buffering.*\n", ""),
                (r"^.*proxy_max_temp_file_size.*\n", ""),
                (r"/run/nginx-tocsin-body", "/var/lib/nginx/body"),
            ),
        ),
        "who asked is dropped": Promise(
            nginx_drops_who_asked,
            (
                *((rf'^.*proxy_set_header {name} "";\n', "") for name in FORWARDED),
                (r'X-Real-IP ""', "X-Real-IP $remote_addr"),
                (r"Host \$host", "Host $proxy_host"),
            ),
        ),
        "one cookie goes on": Promise(
            nginx_leads_on_one_cookie,
            ((r"__Host-tocsin-staff=", "[^=]+="), (r'default "";', "default $http_cookie;")),
        ),
        "deadlines are the node's": Promise(
            nginx_waits_as_the_node,
            (
                (r"client_header_timeout 5s", "client_header_timeout 60s"),
                (r"^.*client_body_timeout.*\n", ""),
                (r"keepalive_timeout 10s", "keepalive_timeout 60s"),
            ),
        ),
        "sizes are the node's": Promise(
            nginx_limits_sizes,
            (
                (r"client_max_body_size 1100k", "client_max_body_size 1m"),
                (r"client_max_body_size 1100k", "client_max_body_size 0"),
                (r"large_client_header_buffers 4 4k", "large_client_header_buffers 4 16k"),
            ),
        ),
        "headers are the node's": Promise(
            lambda text: not any(each.name in ("add_header", "proxy_hide_header") for each in nginx(text)),
            ((r"(proxy_cache off;)", r"\1 add_header Strict-Transport-Security max-age=1;"),),
        ),
        "no visit is tied to another": Promise(
            lambda text: (
                one(words_of(nginx(text), "ssl_session_tickets", "http", "server")) == ("off",)
                and one(words_of(nginx(text), "ssl_session_cache", "http", "server")) == ("off",)
            ),
            ((r"^.*ssl_session_tickets.*\n", ""), (r"^.*ssl_session_cache.*\n", "")),
        ),
        "TLS 1.2 at least": Promise(
            lambda text: one(words_of(nginx(text), "ssl_protocols", "http", "server")) == ("TLSv1.2", "TLSv1.3"),
            ((r"TLSv1\.2 TLSv1\.3", "TLSv1 TLSv1.2 TLSv1.3"),),
        ),
        "no question is led on": Promise(
            lambda text: (
                not any("$request_uri" in word or "$args" in word for each in nginx(text) for word in each.words)
            ),
            ((r"return 308 https://city.example/", "return 308 https://city.example$request_uri"),),
        ),
    }
    check(NGINX, promises)


def caddy_logs_nobody(text: str) -> bool:
    found = caddy(text)
    logs = [(each.words, each.inside) for each in found if each.name == "log"]
    return (
        logs == [(("default",), ("",))]
        and words_of(found, "exclude", "", "log") == [("http",)]
        and words_of(found, "level", "", "log") == [("ERROR",)]
        and words_of(found, "debug", "") == []
    )


def caddy_drops_who_asked(text: str) -> bool:
    named = {words[0] for words in words_of(caddy(text), "header_up", *IN_PROXY)}
    return named == {f"-{name}" for name in FORWARDED} | {"Cookie"}


def caddy_waits_as_the_node(text: str) -> bool:
    found = caddy(text)
    inside = ("", "servers", "timeouts")
    head, whole, idle = (one(words_of(found, name, *inside)) for name in ("read_header", "read_body", "idle"))
    kept = one(words_of(found, "keepalive", *IN_PROXY, "transport"))
    if not (head and whole and idle and kept):
        return False
    return (
        seconds(head[0]) <= server.HEADER_SECONDS
        and LONGEST_BODY_S <= seconds(whole[0]) <= 1.1 * LONGEST_BODY_S
        and seconds(idle[0]) <= server.KEEP_ALIVE_SECONDS
        and seconds(kept[0]) < server.KEEP_ALIVE_SECONDS
    )


def caddy_limits_sizes(text: str) -> bool:
    found = caddy(text)
    largest = one(words_of(found, "max_size", *IN_SITE, "request_body"))
    heads = one(words_of(found, "max_header_size", "", "servers"))
    return (
        bool(largest and heads)
        and CHUNK_LIMIT < size(largest[0]) < 2 * CHUNK_LIMIT
        and size(heads[0]) <= server.HEADER_BYTES
    )


def test_caddy_keeps_its_promises() -> None:
    promises = {
        "no log of a client": Promise(
            caddy_logs_nobody,
            (
                (r"^\t\texclude http\n", ""),
                (r"level ERROR", "level DEBUG"),
                (r"^(city.example \{)", "\\1\n\tlog"),
            ),
        ),
        "bodies are streamed": Promise(
            lambda text: (
                words_of(caddy(text), "flush_interval", *IN_PROXY) == [("-1",)]
                and not any(
                    each.name in ("request_buffers", "response_buffers", "buffer_requests") for each in caddy(text)
                )
            ),
            ((r"^.*flush_interval.*\n", ""), (r"flush_interval -1", "flush_interval -1\n\t\trequest_buffers 1MB")),
        ),
        "who asked is dropped": Promise(
            caddy_drops_who_asked,
            (*((rf"^\t\theader_up -{name}\n", "") for name in FORWARDED),),
        ),
        "one cookie goes on": Promise(
            caddy_leads_on_one_cookie,
            ((r"__Host-tocsin-staff=", ".*="), (r"^.*header_up Cookie.*\n", "")),
        ),
        "deadlines are the node's": Promise(
            caddy_waits_as_the_node,
            (
                (r"read_header 5s", "read_header 60s"),
                (r"^.*read_body.*\n", ""),
                (r"read_body 18m", "read_body 10s"),
                (r"keepalive 10s", "keepalive 60s"),
            ),
        ),
        "sizes are the node's": Promise(
            caddy_limits_sizes,
            ((r"max_size 1100KB", "max_size 1MB"), (r"max_header_size 16KB", "max_header_size 64KB")),
        ),
        "headers are the node's": Promise(
            lambda text: words_of(caddy(text), "header", *IN_SITE) == [("-Server",)],
            ((r"header -Server", "header -Server\n\theader Strict-Transport-Security max-age=1"),),
        ),
        "nothing is asked of Caddy itself": Promise(
            lambda text: words_of(caddy(text), "admin", "") == [("off",)], ((r"^\tadmin off\n", ""),)
        ),
        "no question is led on": Promise(
            lambda text: "{uri}" not in text and "redir https://city.example/ 308" in text,
            ((r"redir https://city.example/ 308", "redir https://city.example{uri} 308"),),
        ),
    }
    check(CADDY, promises)
