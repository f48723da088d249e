package cli

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"penstock/engine/egress"
	"penstock/engine/payout"
	"penstock/engine/webhook"
)

// checker collects the rules that a configuration breaks.
type checker struct {
	src      source
	problems []Problem
}

// rule notes a problem of key unless ok.
func (c *checker) rule(ok bool, key, format string, args ...any) {
	if !ok && len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{Key: key, Where: c.src.where(key), Rule: fmt.Sprintf(format, args...)})
	}
}

// span holds a Duration within bounds, both included.
func (c *checker) span(key string, d Duration, low, high time.Duration) {
	c.rule(low <= d.D() && d.D() <= high, key, "wants %s to %s; got %s", Duration{low}, Duration{high}, d)
}

func (c *checker) size(key string, s, low, high Size) {
	c.rule(low <= s && s <= high, key, "wants %s to %s; got %s", low, high, s)
}

func (c *checker) count(key string, n, low, high int) {
	c.rule(low <= n && n <= high, key, "wants %d to %d; got %d", low, high, n)
}

func (c *checker) oneOf(key, got string, names ...string) {
	c.rule(slices.Contains(names, got), key, "wants one of %q; got %q", names, clip(got))
}

// check holds cfg, whose paths are absolute, to every rule.
func (cfg *Config) check(src source) []Problem {
	c := &checker{src: src}
	cfg.checkServer(c)
	cfg.checkStore(c)
	cfg.checkEngine(c)
	cfg.checkRouting(c)
	cfg.checkDialects(c)
	cfg.checkHosted(c)
	cfg.checkOutgoing(c)
	cfg.checkLimits(c)
	cfg.checkBackup(c)
	c.oneOf("log.level", cfg.Log.Level, "debug", "info", "warn", "error")
	c.oneOf("log.format", cfg.Log.Format, "text", "json")
	for _, f := range fields(cfg) {
		if p, ok := f.value.Interface().(Path); ok {
			c.rule(!strings.ContainsRune(string(p), 0), f.Key(), "wants a file name without a zero byte")
		}
	}
	c.rule(len(cfg.Admin.Socket) <= maxSocketPath, "admin.socket",
		"wants at most %d bytes, the system's limit for a socket's path", maxSocketPath)
	return c.problems
}

// maxSocketPath is what sun_path holds on Linux (unix(7)), without its zero.
const maxSocketPath = 107

func (cfg *Config) checkServer(c *checker) {
	s := cfg.Server
	c.rule(listenAddress(s.Listen), "server.listen", `wants HOST:PORT, HOST an address, "localhost" or empty for all; got %q`, clip(s.Listen))
	c.rule(s.PublicURL == "" || baseURL(s.PublicURL), "server.public_url",
		"wants http:// or https:// with a host, and no user, query or fragment")
	c.rule((s.TLSCert == "") == (s.TLSKey == ""), "server.tls_cert", "and server.tls_key want to be set both or neither")
	c.rule(len(s.ACMENames) == 0 || s.TLSCert == "", "server.acme_names", "wants no server.tls_cert beside it")
	c.rule(len(s.ACMENames) <= 16, "server.acme_names", "wants at most 16 names")
	for i, name := range s.ACMENames {
		c.rule(regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`).MatchString(name), "server.acme_names", "element %d wants a host's name in small letters, such as pay.example.com; got %q", i+1, clip(name))
	}
	c.rule(s.ACMEURL == "" || baseURL(s.ACMEURL) && strings.HasPrefix(s.ACMEURL, "https:"), "server.acme_url", "wants an https address")
	c.rule(s.ACMECache != "", "server.acme_cache", "wants the name of a directory")
	c.rule(s.ACMEEmail == "" || strings.Contains(s.ACMEEmail, "@") && len(s.ACMEEmail) <= 254, "server.acme_email", "wants an e-mail address")
	c.rule(len(s.TrustedProxies) <= maxList, "server.trusted_proxies", "wants at most %d entries", maxList)
	for i, p := range s.TrustedProxies {
		c.rule(addressOrRange(p), "server.trusted_proxies", "element %d wants an address or a range like 10.0.0.0/8; got %q", i+1, clip(p))
	}
	c.span("server.read_timeout", s.ReadTimeout, time.Second, time.Hour)
	c.span("server.write_timeout", s.WriteTimeout, time.Second, time.Hour)
	c.span("server.idle_timeout", s.IdleTimeout, time.Second, time.Hour)
	c.span("server.shutdown", s.Shutdown, time.Second, time.Hour)
}

func (cfg *Config) checkStore(c *checker) {
	s := cfg.Store
	c.rule(s.Path != "", "store.path", "wants the name of a file")
	c.rule(s.KeysPath != "", "store.keys_path", "wants the name of a file")
	c.rule(filepath.Clean(string(s.Path)) != filepath.Clean(string(s.KeysPath)), "store.keys_path",
		"wants another file than store.path: a backup of the store must not contain the keys")
	c.rule(s.AnchorPath != "", "store.anchor_path", "wants the name of a file")
	for _, other := range []Path{s.Path, s.KeysPath} {
		c.rule(filepath.Clean(string(s.AnchorPath)) != filepath.Clean(string(other)), "store.anchor_path", "wants a file of its own")
	}
	c.rule(s.ArchivePath != "", "store.archive_path", "wants the name of a directory")
	for _, other := range []Path{s.Path, s.KeysPath, s.AnchorPath} {
		c.rule(filepath.Clean(string(s.ArchivePath)) != filepath.Clean(string(other)), "store.archive_path", "wants a directory of its own")
	}
	c.rule(s.ArchiveAfter.D() == 0 || s.ArchiveAfter.D() >= 5*time.Minute && s.ArchiveAfter.D() <= 3650*24*time.Hour, "store.archive_after",
		"wants 0s for never, or %s to %s; got %s", Duration{5 * time.Minute}, Duration{3650 * 24 * time.Hour}, s.ArchiveAfter)
	c.size("store.min_free", s.MinFree, 1<<20, 1<<50)
	c.size("store.max_size", s.MaxSize, 64<<20, 1<<46)
	c.rule(!strings.ContainsRune(cfg.Locker.MasterKey.Name, 0), "locker.master_key", "wants a name without a zero byte")
	c.rule(cfg.Locker.OneOffRetention.D() >= cfg.Engine.AttentionAfter.D()+48*time.Hour, "locker.one_off_retention",
		"wants at least two days more than engine.attention_after (%s), or details vanish before their payout has ended; got %s",
		cfg.Engine.AttentionAfter, cfg.Locker.OneOffRetention)
	unused := cfg.Locker.UnusedMethods
	c.rule(unused.D() == 0 || unused.D() >= 24*time.Hour && unused.D() <= 3650*24*time.Hour, "locker.unused_methods",
		"wants 0s for never, or %s to %s; got %s", Duration{24 * time.Hour}, Duration{3650 * 24 * time.Hour}, unused)
	c.span("locker.one_off_retention", cfg.Locker.OneOffRetention, 48*time.Hour, 3650*24*time.Hour)
}

func (cfg *Config) checkEngine(c *checker) {
	e := cfg.Engine
	c.span("engine.call_deadline", e.CallDeadline, 100*time.Millisecond, 10*time.Minute)
	c.span("engine.lease", e.Lease, 200*time.Millisecond, time.Hour)
	c.rule(e.Lease.D() > e.CallDeadline.D(), "engine.lease",
		"must exceed engine.call_deadline (%s), or a payout is taken up again while its call is still out; got %s", e.CallDeadline, e.Lease)
	c.rule(1 <= len(e.Polls) && len(e.Polls) <= 64, "engine.polls", "wants 1 to 64 time spans; got %d", len(e.Polls))
	for i, p := range e.Polls {
		c.rule(p.D() >= 10*time.Millisecond, "engine.polls", "element %d wants at least 10ms; got %s", i+1, p)
		c.rule(i == 0 || p.D() >= e.Polls[i-1].D(), "engine.polls", "wants rising time spans; element %d is %s", i+1, p)
		c.rule(p.D() <= e.PollMax.D(), "engine.polls", "element %d exceeds engine.poll_max (%s); got %s", i+1, e.PollMax, p)
	}
	c.span("engine.poll_max", e.PollMax, time.Second, 7*24*time.Hour)
	c.span("engine.attention_after", e.AttentionAfter, time.Minute, 30*24*time.Hour)
	c.count("engine.workers", e.Workers, 1, 4096)
	c.count("engine.claim_batch", e.ClaimBatch, 1, 1024)
	c.span("engine.first_word", e.FirstWord, 0, time.Hour)
	c.rule(e.FirstWord.D() < cfg.Server.WriteTimeout.D(), "engine.first_word",
		"must be shorter than server.write_timeout (%s), or the answer is cut off; got %s", cfg.Server.WriteTimeout, e.FirstWord)
	c.span("engine.tick", e.Tick, 10*time.Millisecond, time.Minute)
	c.rule(cronSpec(e.Cron), "engine.cron", `wants "@every SPAN" of 1s to 24h, or five fields of digits and * , - / (UTC); got %q`, clip(e.Cron))
}

func (cfg *Config) checkRouting(c *checker) {
	c.rule(len(cfg.Routing.Directory) <= 64, "routing.directory", "wants at most 64 files; got %d", len(cfg.Routing.Directory))
	_, err := payout.ParseFailover(cfg.Routing.FailoverOn)
	c.rule(err == nil, "routing.failover_on", "%v", err)
	r := cfg.Rates
	c.rule(r.ECBFile == "" || r.ECBURL == "", "rates.ecb_url", "wants no rates.ecb_file beside it")
	u, err := url.Parse(r.ECBURL)
	c.rule(r.ECBURL == "" || err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "", "rates.ecb_url", "wants an http or https address")
	c.rule(cronSpec(r.Cron), "rates.cron", `wants "@every SPAN" of 1s to 24h, or five fields of digits and * , - / (UTC); got %q`, clip(r.Cron))
	c.rule(cronSpec(cfg.Reconcile.Cron), "reconcile.cron", `wants "@every SPAN" of 1s to 24h, or five fields of digits and * , - / (UTC); got %q`, clip(cfg.Reconcile.Cron))
}

func (cfg *Config) checkDialects(c *checker) {
	if key, ok := cfg.Rest.AdminAPIKey.inline(); ok {
		err := goodSecret(key)
		c.rule(err == nil, "rest.admin_api_key", "%v", err)
	}
	c.oneOf("rest.environment", cfg.Rest.Environment, "", "dev", "integ", "snd")
	c.span("rest.payment_token_ttl", cfg.Rest.PaymentTokenTTL, time.Second, 24*time.Hour)
}

func (cfg *Config) checkHosted(c *checker) {
	h := cfg.Hosted
	err := webhook.CheckOwnHeader(h.SignatureHeader)
	c.rule(err == nil, "hosted.signature_header", `wants "off" or the name of a header that is not one of ours; got %q`, clip(h.SignatureHeader))
	c.oneOf("hosted.signature_encoding", h.SignatureEncoding, "hex", "base64")
	c.rule(len(h.SignaturePrefix) <= 32 && printable(h.SignaturePrefix), "hosted.signature_prefix", "wants at most 32 printable ASCII characters")
	c.oneOf("hosted.webhook_profile", h.WebhookProfile, "hosted", "standard")
	c.rule(regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`).MatchString(h.RedirectParam), "hosted.redirect_param", "wants 1 to 64 letters, digits and _ . -; got %q", clip(h.RedirectParam))
	c.rule(h.ReplayStatus == 200 || h.ReplayStatus == 201, "hosted.replay_status", "wants 200 or 201; got %d", h.ReplayStatus)
	c.span("hosted.link_ttl", h.LinkTTL, 15*time.Minute, 90*24*time.Hour)
	c.rule(h.RetryDetails >= 0 && h.RetryDetails <= 10, "hosted.retry_details", "wants 0 to 10; got %d", h.RetryDetails)
	c.oneOf("hosted.returned_as", h.ReturnedAs, "succeeded", "failed")
	c.rule(h.Cards || !h.HeadlessCards, "hosted.headless_cards", "wants hosted.cards to be true as well")
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func (cfg *Config) checkOutgoing(c *checker) {
	w := cfg.Webhooks
	c.span("webhooks.timeout", w.Timeout, 100*time.Millisecond, 5*time.Minute)
	c.size("webhooks.response_keep", w.ResponseKeep, 0, 256<<10)
	c.count("webhooks.workers", w.Workers, 1, 4096)
	if _, err := egress.ParsePolicy(cfg.Egress.Allow, cfg.Egress.Mode); err != nil {
		key, rule, _ := strings.Cut(err.Error(), " ") // it names the key first
		c.rule(false, key, "%s", rule)
	}
	c.rule(cfg.Sandbox.BaseURL == "" || baseURL(cfg.Sandbox.BaseURL), "sandbox.base_url",
		"wants http:// or https:// with a host, and no user, query or fragment")
}

func (cfg *Config) checkLimits(c *checker) {
	l := cfg.Limits
	c.size("limits.body", l.Body, 1<<10, 1<<20)
	c.count("limits.requests_per_second", l.RequestsPerSecond, 0, 1_000_000)
	c.count("limits.burst", l.Burst, 1, 1_000_000)
	c.count("limits.conns_per_ip", l.ConnsPerIP, 1, 100_000)
	c.count("limits.concurrency", l.Concurrency, 1, 1_000_000)
	c.count("limits.calls", l.Calls, 1, 1_000_000)
}

// warnings are what is allowed and still deserves a word at the start.
func (cfg *Config) warnings() []string {
	var w []string
	if !loopback(cfg.Server.Listen) && !cfg.TLS() && len(cfg.Server.TrustedProxies) == 0 {
		w = append(w, "server.listen is reachable from other machines without TLS: live keys are refused there; set server.tls_cert, or server.trusted_proxies for a proxy that speaks it")
	}
	if u, err := url.Parse(cfg.PublicURL()); err == nil && u.Scheme == "http" && !loopbackHost(u.Hostname()) {
		w = append(w, "server.public_url is not https: links to payout pages travel in clear")
	}
	if cfg.Store.AllowAnyFS {
		w = append(w, "store.allow_any_fs is set: on a network or FUSE file system an accepted payout can be forgotten, and one be paid twice")
	}
	if cfg.Server.Shutdown.D() < cfg.Engine.CallDeadline.D() {
		w = append(w, "server.shutdown is shorter than engine.call_deadline: calls in flight are cut off and end unknown")
	}
	if cfg.Egress.Mode == egress.ModeAllowOnly && len(cfg.Egress.Allow) == 0 {
		w = append(w, `egress.mode is "allow-only" and egress.allow is empty: no webhook can be delivered`)
	}
	return w
}

// maxList bounds a list in the configuration.
const maxList = 256

func listenAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false
	}
	if host == "" || host == "localhost" {
		return true
	}
	_, err = netip.ParseAddr(host)
	return err == nil
}

func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && loopbackHost(host)
}

func loopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func addressOrRange(s string) bool {
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}

func baseURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		u.User == nil && u.RawQuery == "" && !u.ForceQuery && !strings.Contains(s, "#") && u.Opaque == ""
}

// cronSpec admits less than the scheduler's parser does, which panics on some
// of what it can't read.
func cronSpec(s string) bool {
	if span, ok := strings.CutPrefix(s, "@every "); ok {
		var d Duration
		return d.UnmarshalText([]byte(span)) == nil && time.Second <= d.D() && d.D() <= 24*time.Hour &&
			!strings.HasSuffix(span, "d")
	}
	return len(s) <= 100 && regexp.MustCompile(`^[0-9*][0-9*,/-]*( [0-9*][0-9*,/-]*){4}$`).MatchString(s)
}

func (cfg *Config) checkBackup(c *checker) {
	b := cfg.Backup
	c.rule(b.Schedule == "" || cronSpec(b.Schedule), "backup.schedule", `wants "@every SPAN" of 1s to 24h, or five fields of digits and * , - / (UTC); got %q`, clip(b.Schedule))
	c.rule(b.Schedule == "" || b.Target != "", "backup.target", "wants a place, since backup.schedule says when")
	u, err := url.Parse(b.Target)
	c.rule(b.Target == "" || filepath.IsAbs(b.Target) || err == nil && (u.Scheme == "sftp" || u.Scheme == "s3") && u.Host != "", "backup.target", `wants an absolute directory, "sftp://USER@HOST/DIR" or "s3://BUCKET/PREFIX"`)
	secret := false
	if err == nil && u.User != nil {
		_, secret = u.User.Password()
	}
	c.rule(!secret, "backup.target", "wants no password in it")
	c.count("backup.keep", b.Keep, 1, 1000)
	if err != nil {
		return
	}
	c.rule(u.Scheme != "sftp" || b.SFTPHostKey != "", "backup.sftp_host_key", "wants the server's public key, for a target by SFTP")
	c.rule(u.Scheme != "sftp" || b.SFTPKey != "", "backup.sftp_key", "wants a private key, for a target by SFTP")
	c.rule(u.Scheme != "s3" || baseURL(b.S3Endpoint), "backup.bucket_endpoint", "wants an https address, for a target by S3")
	c.rule(u.Scheme != "s3" || b.S3AccessKey != "" && !b.S3SecretKey.Empty(), "backup.bucket_access_key", "wants a key and its secret, for a target by S3")
	if key, ok := b.S3SecretKey.inline(); ok {
		err := goodSecret(key)
		c.rule(err == nil, "backup.bucket_secret_key", "%v", err)
	}
}
