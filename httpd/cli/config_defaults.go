package cli

import (
	"time"

	"penstock/engine/egress"
	"penstock/engine/payout"
)

// defaults is the configuration of an empty file, the only place where a
// default is written down; config.example.toml repeats it under test.
func defaults() Config {
	second := func(n int) Duration { return Duration{time.Duration(n) * time.Second} }
	minute := func(n int) Duration { return second(60 * n) }
	hour := func(n int) Duration { return minute(60 * n) }
	return Config{
		Server: ServerConfig{
			Listen:         "127.0.0.1:8080",
			TrustedProxies: []string{},
			ACMENames:      []string{},
			ACMECache:      "acme",
			ReadTimeout:    second(10),
			WriteTimeout:   second(30),
			IdleTimeout:    second(30),
			Shutdown:       second(20),
		},
		Store: StoreConfig{
			Path:        "penstock.db",
			KeysPath:    "keyring.db",
			AnchorPath:  "penstock.anchor",
			ArchivePath: "archive",
			MinFree:     256 << 20,
			MaxSize:     64 << 30,
		},
		Locker: LockerConfig{
			MasterKey:       MasterKey{Kind: KeyFile, Name: "master.key"},
			OneOffRetention: hour(30 * 24),
		},
		Engine: EngineConfig{
			CallDeadline: second(10),
			Lease:        second(15),
			Polls: []Duration{second(1), second(2), second(5), second(15), second(45),
				minute(2), minute(5), minute(15), hour(1)},
			PollMax:        hour(6),
			AttentionAfter: hour(24),
			Workers:        128,
			ClaimBatch:     64,
			FirstWord:      second(3),
			Ticker:         true,
			Tick:           Duration{250 * time.Millisecond},
			Cron:           "@every 2s",
		},
		Routing:   RoutingConfig{Directory: []Path{}, FailoverOn: failoverDefaults()},
		Rates:     RatesConfig{Cron: "30 15 * * *"},
		Backup:    BackupConfig{Keep: 14},
		Reconcile: ReconcileConfig{Cron: "20 */6 * * *"},
		Rest:      RestConfig{PaymentTokenTTL: minute(15)},
		Hosted: HostedConfig{
			SignatureHeader: "X-Signature", SignatureEncoding: "hex", WebhookProfile: "hosted", RedirectParam: "paymentId", ReplayStatus: 200,
			BodyDedupeWindow: BodyWindow{D: hour(24)}, ExternalIDUnique: true, LinkTTL: hour(72), ReturnedAs: "succeeded",
		},
		Webhooks: WebhooksConfig{
			Timeout:      second(20),
			ResponseKeep: 16 << 10,
			Workers:      128,
		},
		Connectors: ConnectorsConfig{Forms: "connectors", Files: "files"},
		Egress:     EgressConfig{Mode: egress.ModePublicAllow, Allow: []string{}},
		Limits:     LimitsConfig{Body: 64 << 10, Burst: 200, ConnsPerIP: 64, Concurrency: 10_000, Calls: 2048},
		Log:        LogConfig{Level: "info", Format: "text"},
		Metrics:    MetricsConfig{Enabled: true},
	}
}

// failoverDefaults are the refusals after which another route is tried.
func failoverDefaults() (names []string) {
	for _, r := range payout.DefaultFailover().Names() {
		names = append(names, string(r))
	}
	return names
}
