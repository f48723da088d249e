package cli

import (
	"net"
	"path/filepath"
	"reflect"
	"strings"
)

// Config is the whole configuration of one appliance. Each field is one key,
// named section.key; its `reader` tag says which part of the house it is for,
// so that no key is kept that nobody reads. The zero value is not usable:
// begin with defaults. What every key means, with its unit, stands in
// config.example.toml, which a test holds to this struct.
//
// Paths are absolute once the configuration is loaded; in the file they are
// relative to its directory.
type Config struct {
	Server     ServerConfig     `toml:"server"`
	Store      StoreConfig      `toml:"store"`
	Locker     LockerConfig     `toml:"locker"`
	Engine     EngineConfig     `toml:"engine"`
	Routing    RoutingConfig    `toml:"routing"`
	Rates      RatesConfig      `toml:"rates"`
	Backup     BackupConfig     `toml:"backup"`
	Reconcile  ReconcileConfig  `toml:"reconcile"`
	Rest       RestConfig       `toml:"rest"`
	Hosted     HostedConfig     `toml:"hosted"`
	Webhooks   WebhooksConfig   `toml:"webhooks"`
	Egress     EgressConfig     `toml:"egress"`
	Connectors ConnectorsConfig `toml:"connectors"`
	Sandbox    SandboxConfig    `toml:"sandbox"`
	Limits     LimitsConfig     `toml:"limits"`
	Log        LogConfig        `toml:"log"`
	Metrics    MetricsConfig    `toml:"metrics"`
	Admin      AdminConfig      `toml:"admin"`
}

// ServerConfig is where the appliance listens and what stands before it.
type ServerConfig struct {
	Listen         string   `toml:"listen" reader:"httpd"`
	PublicURL      string   `toml:"public_url" reader:"httpd"`
	TLSCert        Path     `toml:"tls_cert" reader:"httpd"`
	TLSKey         Path     `toml:"tls_key" reader:"httpd"`
	ACMENames      []string `toml:"acme_names" reader:"httpd"`
	ACMEEmail      string   `toml:"acme_email" reader:"httpd"`
	ACMEURL        string   `toml:"acme_url" reader:"httpd"`
	ACMECache      Path     `toml:"acme_cache" reader:"httpd"`
	TrustedProxies []string `toml:"trusted_proxies" reader:"httpd"`
	ReadTimeout    Duration `toml:"read_timeout" reader:"httpd"`
	WriteTimeout   Duration `toml:"write_timeout" reader:"httpd"`
	IdleTimeout    Duration `toml:"idle_timeout" reader:"httpd"`
	Shutdown       Duration `toml:"shutdown" reader:"httpd"`
}

// StoreConfig is where the records and the wrapped keys lie.
type StoreConfig struct {
	Path         Path     `toml:"path" reader:"store/bolt"`
	KeysPath     Path     `toml:"keys_path" reader:"store/bolt"`
	AnchorPath   Path     `toml:"anchor_path" reader:"httpd/cli"`
	MinFree      Size     `toml:"min_free" reader:"store/bolt"`
	MaxSize      Size     `toml:"max_size" reader:"store/bolt"`
	AllowAnyFS   bool     `toml:"allow_any_fs" reader:"store/bolt"`
	ArchiveAfter Duration `toml:"archive_after" reader:"engine"`
	ArchivePath  Path     `toml:"archive_path" reader:"engine/archive"`
}

// LockerConfig says who opens the locker and how long it keeps.
type LockerConfig struct {
	MasterKey       MasterKey `toml:"master_key" reader:"locker"`
	OneOffRetention Duration  `toml:"one_off_retention" reader:"engine"`
	UnusedMethods   Duration  `toml:"unused_methods" reader:"engine"`
}

// EngineConfig is the pace of the work (DESIGN.md 5 and 6).
type EngineConfig struct {
	CallDeadline   Duration   `toml:"call_deadline" reader:"engine"`
	Lease          Duration   `toml:"lease" reader:"engine"`
	Polls          []Duration `toml:"polls" reader:"engine"`
	PollMax        Duration   `toml:"poll_max" reader:"engine"`
	AttentionAfter Duration   `toml:"attention_after" reader:"engine"`
	Workers        int        `toml:"workers" reader:"engine"`
	ClaimBatch     int        `toml:"claim_batch" reader:"engine"`
	FirstWord      Duration   `toml:"first_word" reader:"engine"`
	Ticker         bool       `toml:"ticker" reader:"engine"`
	Tick           Duration   `toml:"tick" reader:"engine"`
	Cron           string     `toml:"cron" reader:"engine"`
}

// RoutingConfig is what can be paid, and what is tried when a payout fails.
type RoutingConfig struct {
	Directory  []Path   `toml:"directory" reader:"engine/service"`
	FailoverOn []string `toml:"failover_on" reader:"engine/payout"`
}

// RatesConfig is where exchange rates come from.
type RatesConfig struct {
	ECBFile Path   `toml:"ecb_file" reader:"engine/fx"`
	ECBURL  string `toml:"ecb_url" reader:"engine/fx"`
	Cron    string `toml:"cron" reader:"engine"`
}

// BackupConfig is where copies go, and when.
type BackupConfig struct {
	Schedule    string `toml:"schedule" reader:"httpd/cli"`
	Target      string `toml:"target" reader:"httpd/offsite"`
	Keep        int    `toml:"keep" reader:"httpd/cli"`
	SFTPHostKey string `toml:"sftp_host_key" reader:"httpd/offsite"`
	SFTPKey     Path   `toml:"sftp_key" reader:"httpd/offsite"`
	S3Endpoint  string `toml:"bucket_endpoint" reader:"httpd/offsite"`
	S3Region    string `toml:"bucket_region" reader:"httpd/offsite"`
	S3AccessKey string `toml:"bucket_access_key" reader:"httpd/offsite"`
	S3SecretKey Secret `toml:"bucket_secret_key" reader:"httpd/offsite"`
}

// ReconcileConfig is how books are compared.
type ReconcileConfig struct {
	Cron string `toml:"cron" reader:"engine"`
}

// RestConfig belongs to the dialect of saved-method payouts.
type RestConfig struct {
	AdminAPIKey     Secret   `toml:"admin_api_key" reader:"httpd/rest"`
	Environment     string   `toml:"environment" reader:"httpd/rest"`
	AcceptAnyCard   bool     `toml:"accept_any_card" reader:"engine"`
	PaymentTokenTTL Duration `toml:"payment_token_ttl" reader:"httpd/rest"`
}

// HostedConfig belongs to the dialect of hosted payouts and to the recipient's
// page: what no public document of the original says, and what an operator
// arranges.
type HostedConfig struct {
	SignatureHeader   string     `toml:"signature_header" reader:"engine/webhook"`
	SignatureEncoding string     `toml:"signature_encoding" reader:"engine/webhook"`
	SignaturePrefix   string     `toml:"signature_prefix" reader:"engine/webhook"`
	WebhookProfile    string     `toml:"webhook_profile" reader:"httpd/hosted"`
	RedirectParam     string     `toml:"redirect_param" reader:"httpd/hosted"`
	ReplayStatus      int        `toml:"replay_status" reader:"httpd/hosted"`
	BodyDedupeWindow  BodyWindow `toml:"body_dedupe_window" reader:"httpd/hosted"`
	ExternalIDUnique  bool       `toml:"external_id_unique" reader:"httpd/hosted"`
	RequireExternalID bool       `toml:"require_external_id" reader:"httpd/hosted"`
	LinkTTL           Duration   `toml:"link_ttl" reader:"httpd/hosted"`
	RetryDetails      int        `toml:"retry_details" reader:"httpd/hosted"`
	ReturnedAs        string     `toml:"returned_as" reader:"httpd/hosted"`
	Cards             bool       `toml:"cards" reader:"httpd/hosted"`
	HeadlessCards     bool       `toml:"headless_cards" reader:"httpd/hosted"`
}

// WebhooksConfig is how deliveries are made.
type WebhooksConfig struct {
	Timeout      Duration `toml:"timeout" reader:"engine"`
	ResponseKeep Size     `toml:"response_keep" reader:"engine"`
	Workers      int      `toml:"workers" reader:"engine"`
}

// EgressConfig is where the appliance may connect to on a tenant's word.
type EgressConfig struct {
	Mode  string   `toml:"mode" reader:"engine/egress"`
	Allow []string `toml:"allow" reader:"engine/egress"`
}

// ConnectorsConfig is about the providers that money leaves by.
type ConnectorsConfig struct {
	Forms Path `toml:"forms" reader:"httpd/cli"`
	Files Path `toml:"files" reader:"engine/connector/iso20022"`
}

// SandboxConfig is about the test provider.
type SandboxConfig struct {
	BaseURL string `toml:"base_url" reader:"engine/connector/sandbox"`
	Seed    int64  `toml:"seed" reader:"engine/connector/sandbox"`
}

// LimitsConfig bounds what callers may take.
type LimitsConfig struct {
	Body              Size `toml:"body" reader:"httpd"`
	RequestsPerSecond int  `toml:"requests_per_second" reader:"httpd/wire"`
	Burst             int  `toml:"burst" reader:"httpd/wire"`
	ConnsPerIP        int  `toml:"conns_per_ip" reader:"httpd"`
	Concurrency       int  `toml:"concurrency" reader:"httpd"`
	Calls             int  `toml:"calls" reader:"httpd/wire"`
}

// LogConfig is how much is written on standard error, and in which form.
type LogConfig struct {
	Level  string `toml:"level" reader:"httpd/cli"`
	Format string `toml:"format" reader:"httpd/cli"`
}

// MetricsConfig switches GET /metrics.
type MetricsConfig struct {
	Enabled bool `toml:"enabled" reader:"httpd/admin"`
}

// AdminConfig is the door of the command line and of local tools.
type AdminConfig struct {
	Socket Path `toml:"socket" reader:"httpd/cli"`
}

// SocketPath is where the daemon listens for the command line.
func (c Config) SocketPath() string {
	if c.Admin.Socket != "" {
		return string(c.Admin.Socket)
	}
	return filepath.Join(filepath.Dir(string(c.Store.Path)), "penstock.sock")
}

// TLS reports whether the appliance itself speaks TLS.
func (c Config) TLS() bool { return c.Server.TLSCert != "" || len(c.Server.ACMENames) > 0 }

// PublicURL is what every link that leaves the machine starts with, without a
// slash at its end: server.public_url, or else the listener's own address.
func (c Config) PublicURL() string {
	if c.Server.PublicURL != "" {
		return strings.TrimRight(c.Server.PublicURL, "/")
	}
	scheme := "http"
	if c.TLS() {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(c.Server.Listen)
	if err != nil { // kept out by validation
		return scheme + "://" + c.Server.Listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// KeyPrefix is the environment that the name of an API key begins with. Live
// keys are always "prd"; for test keys rest.environment decides, and where
// that is empty, "dev" on a listener that only this machine reaches and "snd"
// (sandbox) on any other.
func (c Config) KeyPrefix(live bool) string {
	switch {
	case live:
		return "prd"
	case c.Rest.Environment != "":
		return c.Rest.Environment
	case loopback(c.Server.Listen):
		return "dev"
	}
	return "snd"
}

// field is one key of a Config, with a handle to its value there.
type field struct {
	Section, Name string
	Reader        string
	value         reflect.Value
}

// Key is the name that is used everywhere: section.key.
func (f field) Key() string { return f.Section + "." + f.Name }

// Variable is the environment variable that overrides the key.
func (f field) Variable() string {
	return "PENSTOCK_" + strings.ToUpper(f.Section+"_"+f.Name)
}

// Secret reports whether the value must never be shown: it is a credential, or
// a place where one is put by mistake.
func (f field) Secret() bool {
	return f.value.Type() == reflect.TypeFor[Secret]() || f.value.Type() == reflect.TypeFor[MasterKey]()
}

// fields lists every key of c in the order of the struct.
func fields(c *Config) []field {
	var all []field
	root := reflect.ValueOf(c).Elem()
	for i := range root.NumField() {
		section, t := root.Field(i), root.Type().Field(i)
		for j := range section.NumField() {
			key := section.Type().Field(j)
			all = append(all, field{
				Section: t.Tag.Get("toml"),
				Name:    key.Tag.Get("toml"),
				Reader:  key.Tag.Get("reader"),
				value:   section.Field(j),
			})
		}
	}
	return all
}
