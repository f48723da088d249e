package cli

import (
	"fmt"
	"strings"
	"testing"
)

// The table of imports (DESIGN.md 2): imports go strictly down, siblings do
// not know each other, drivers know only the interface above them.

// pure are the packages of values below the engine.
const pure = " engine/payin engine/reconcile engine/payout engine/routing engine/fx engine/ledger engine/service engine/webhook engine/connector engine/money "

// lower is one row: what the packages of a pattern may import of ours. Tests
// may import their own package and what `tests` names besides.
type lower struct{ pkg, may, tests string }

// lowers is the table; the first row that matches a package is its row.
func lowers() []lower {
	const stores = " store store/* store/faulty/faultfs "
	return []lower{
		{pkg: "main", may: "httpd/cli"},
		{pkg: "httpd/cli", may: "**"},
		{pkg: "httpd", may: "httpd/rest httpd/jsonapi httpd/hosted httpd/admin httpd/ui httpd/docs httpd/wire engine" + pure, tests: "httpd/client httpd/wire/wiretest engine/** locker" + stores},
		{pkg: "httpd/wire", may: "engine" + pure, tests: "httpd/wire/wiretest engine/** locker" + stores},
		{pkg: "httpd/wire/wiretest", may: "httpd/wire engine" + pure},
		{pkg: "httpd/ui httpd/docs httpd/client httpd/offsite", tests: "httpd/docs/docstest"},
		{pkg: "httpd/docs/docstest", may: "httpd/docs"},
		{pkg: "httpd/rest", may: "httpd/wire engine" + pure, tests: "httpd/hosted httpd/client httpd/wire/wiretest httpd/docs/docstest engine/** locker" + stores}, // its payout links are shown on the page of hosted
		// admin answers in the very structures that its client reads.
		{pkg: "httpd/admin", may: "httpd/client httpd/wire engine" + pure, tests: "httpd/wire/wiretest httpd/docs/docstest engine/** locker" + stores},
		{pkg: "httpd/jsonapi httpd/hosted", may: "httpd/wire engine" + pure, tests: "httpd/browsertest httpd/client httpd/wire/wiretest httpd/docs/docstest engine/** locker" + stores},
		// The dashboard is apart from admin: that one is served where a file's permission is the authentication, this one authenticates everybody itself.
		{pkg: "httpd/browsertest"}, // Chromium, which knows of no page
		{pkg: "httpd/dash", may: "httpd/ui httpd/wire engine" + pure, tests: "httpd/browsertest httpd/wire/wiretest engine/** locker" + stores},
		{pkg: "engine", may: "locker store engine/archive engine/dense" + pure, tests: "engine/connector/* engine/sim engine/egress" + stores},
		{pkg: "engine/archive engine/dense", may: "store", tests: stores},
		{pkg: "engine/money engine/egress"},
		// payout judges what a connector said, so it knows the connector's words.
		{pkg: "engine/payout", may: "engine/money engine/connector"},
		{pkg: "engine/payin engine/reconcile", may: "engine/money"},
		{pkg: "engine/fx engine/connector engine/service", may: "engine/money", tests: "engine/connector/*"},
		{pkg: "engine/routing engine/ledger engine/webhook", may: "engine/money engine/payout engine/service"},
		{pkg: "engine/sim", may: "engine engine/archive locker store store/mem store/faulty store/bolt engine/connector/sandbox" + pure},
		{pkg: "engine/connector/connectortest", may: "engine/connector engine/money"},
		{pkg: "engine/connector/spectest", may: "engine/connector engine/money engine/connector/connectortest"},
		// formtest holds a connector in the form of a file to the contract: in tests, and for `connector test`.
		{pkg: "engine/connector/formtest", may: "engine/connector engine/money engine/connector/connectortest engine/connector/declarative", tests: "engine/connector/spectest"},
		{pkg: "engine/connector/*", may: "engine/connector engine/money", tests: "engine/connector/connectortest engine/connector/spectest"},
		{pkg: "locker", may: "store", tests: stores},
		{pkg: "store", tests: stores},
		{pkg: "store/*", may: "store", tests: stores},
		{pkg: "store/faulty/faultfs"}, // a disk, which knows of no store
	}
}

// testPackages are nothing but tests, so they may use libraries for tests
// outside of _test.go files too.
const testPackages = "engine/sim engine/connector/connectortest engine/connector/spectest store/storetest store/faulty/faultfs httpd/docs/docstest"

// door is where one third party may be imported: packages, and files where
// one file is the door. Tests of these packages may import it as well.
type door struct{ module, packages, files string }

// doors is the list of all third parties; the longest path that fits is the
// one that counts. Whoever needs a new one gives it a row, and a reason in
// the DESIGN.md of the package.
func doors() []door {
	return []door{
		{module: "go.etcd.io/bbolt", packages: "store/bolt"},
		{module: "github.com/valyala/fasthttp", packages: "httpd httpd/**"},
		{module: "github.com/fasthttp/router", packages: "httpd httpd/**"},
		{module: "github.com/robfig/cron/v3", files: "engine/run.go engine/run*_test.go httpd/cli/backup_schedule.go"},
		{module: "golang.org/x/crypto/nacl", packages: "locker"},
		{module: "golang.org/x/crypto/argon2", packages: "locker httpd/dash"},
		{module: "golang.org/x/crypto/blake2b", packages: "locker engine"},
		{module: "golang.org/x/crypto/hkdf", packages: "locker"},
		{module: "golang.org/x/crypto/acme", packages: "httpd httpd/cli"},
		{module: "github.com/pelletier/go-toml/v2", packages: "engine/connector/declarative", files: "httpd/cli/config*.go"}, // a provider in the form of a file is one
		{module: "github.com/spf13/cobra", packages: "httpd/cli"},
		{module: "github.com/spf13/pflag", packages: "httpd/cli"},
		{module: "github.com/prometheus", packages: "httpd/admin httpd/cli"},
		{module: "filippo.io/age", packages: "httpd/cli"},
		{module: "github.com/klauspost/compress", packages: "httpd/cli engine/dense"},
		{module: "github.com/coreos/go-systemd/v22", packages: "httpd/cli"},
		{module: "github.com/schollz/progressbar/v3", packages: "httpd/cli"},
		{module: "github.com/nyaruka/phonenumbers", packages: "engine/service"},
		{module: "github.com/sony/gobreaker/v2", packages: "engine"},
		{module: "github.com/pquerna/otp", packages: "httpd/dash"},
		{module: "github.com/boombuler/barcode", packages: "httpd/dash"},
		{module: "github.com/go-webauthn/webauthn", packages: "httpd/dash"},
		{module: "github.com/go-json-experiment/json", packages: "httpd/wire engine engine/service engine/connector engine/connector/* engine/sim"}, // what strangers send, and the records
		{module: "github.com/tinylib/msgp", packages: "engine engine/money engine/payout engine/connector engine/sim"},                              // the records that are written most
		{module: "github.com/pkg/sftp", packages: "engine/connector/iso20022 httpd/offsite"},
		{module: "golang.org/x/crypto/ssh", packages: "engine/connector/iso20022 httpd/offsite"},
		{module: "github.com/tidwall/btree", packages: "store/mem store/bolt"},
		{module: "golang.org/x/net/http/httpguts", packages: "engine/webhook engine/egress engine"},
		{module: "golang.org/x/net/dns/dnsmessage", files: "engine/egress/*_test.go"},
		{module: "golang.org/x/net/idna", packages: "engine/egress"},
		{module: "golang.org/x/sync", packages: "engine httpd httpd/cli"},
		{module: "golang.org/x/sys", packages: "store/bolt store/faulty/faultfs locker httpd/cli"},
		{module: "golang.org/x/term", packages: "httpd/cli"},
		{module: "golang.org/x/text", packages: "engine/service httpd/hosted"},
		{module: "golang.org/x/time", packages: "engine httpd httpd/wire httpd/hosted"},
		// For tests alone.
		{module: "github.com/rogpeppe/go-internal", files: "**_test.go"},
		{module: "github.com/hanwen/go-fuse/v2", packages: "store/faulty/faultfs"},
		{module: "pgregory.net/rapid", packages: testPackages, files: "**_test.go"},
		{module: "github.com/anishathalye/porcupine", packages: testPackages, files: "**_test.go"},
		{module: "go.uber.org/goleak", packages: testPackages, files: "**_test.go"},
		{module: "github.com/standard-webhooks/standard-webhooks", files: "**_test.go"},
		{module: "github.com/getkin/kin-openapi", packages: testPackages, files: "**_test.go"},
		{module: "github.com/stripe/stripe-mock", files: "engine/connector/stripe/*_test.go"},
		{module: "github.com/chromedp", packages: "httpd/browsertest", files: "**_test.go"},
		{module: "go.yaml.in/yaml", files: "**_test.go"},
	}
}

// badImports says which imports of f the tables don't allow.
func badImports(f sourceFile) []string {
	var bad []string
	for _, imp := range f.Imports {
		first, _, _ := strings.Cut(imp, "/")
		switch ours, ok := strings.CutPrefix(imp, "penstock/"); {
		case ok && !mayImport(f, ours):
			bad = append(bad, fmt.Sprintf("%s imports %s, which is not below it", f.Path, imp))
		case !ok && strings.Contains(first, ".") && !throughDoor(f, imp):
			bad = append(bad, fmt.Sprintf("%s imports %s, which has its door elsewhere or has none", f.Path, imp))
		}
	}
	return bad
}

func mayImport(f sourceFile, ours string) bool {
	pkg := f.Dir()
	if pkg == "" {
		pkg = "main"
	}
	for _, row := range lowers() {
		if matches(row.pkg, pkg) {
			return matches(row.may, ours) || f.Test && (ours == pkg || matches(row.tests, ours))
		}
	}
	return false
}

func throughDoor(f sourceFile, imp string) bool {
	var best door
	for _, d := range doors() {
		if (imp == d.module || strings.HasPrefix(imp, d.module+"/")) && len(d.module) > len(best.module) {
			best = d
		}
	}
	if best.module == "" {
		return false
	}
	if suffix, ok := strings.CutPrefix(best.files, "**"); ok && strings.HasSuffix(f.Path, suffix) {
		return true
	}
	return matches(best.packages, f.Dir()) || matches(best.files, f.Path)
}

func TestImportsGoDown(t *testing.T) {
	for _, f := range house(t) {
		for _, bad := range badImports(f) {
			t.Error(bad)
		}
	}
}

// TestBadImportIsSeen plants imports and wants the tables to know them apart.
func TestBadImportIsSeen(t *testing.T) {
	rows := []struct {
		file, imp string
		good      bool
	}{
		{"main.go", "penstock/httpd/cli", true},
		{"main.go", "penstock/engine", false},
		{"engine/work.go", "penstock/store", true},
		{"engine/work.go", "penstock/store/bolt", false},
		{"engine/work_test.go", "penstock/store/mem", true},
		{"engine/work.go", "penstock/httpd/wire", false},
		{"engine/work_test.go", "penstock/httpd/wire", false},
		{"engine/work.go", "penstock/engine/connector/sandbox", false},
		{"engine/work.go", "penstock/engine/egress", false},
		{"httpd/cli/serve.go", "penstock/engine/egress", true},
		{"engine/payout/apply.go", "penstock/engine/money", true},
		{"engine/payout/apply.go", "penstock/engine/ledger", false},
		{"engine/money/amount.go", "penstock/engine/payout", false},
		{"engine/connector/wise/map.go", "penstock/engine/connector", true},
		{"engine/connector/wise/map.go", "penstock/engine", false},
		{"engine/connector/wise/map.go", "penstock/engine/connector/sandbox", false},
		{"engine/connector/wise/map_test.go", "penstock/engine/connector/connectortest", true},
		{"store/bolt/bolt.go", "penstock/store", true},
		{"store/bolt/bolt.go", "penstock/store/mem", false},
		{"store/bolt/bolt_test.go", "penstock/store/storetest", true},
		{"locker/seal.go", "penstock/engine", false},
		{"httpd/rest/payouts.go", "penstock/httpd/jsonapi", false},
		{"httpd/rest/payouts.go", "penstock/httpd/wire", true},
		{"httpd/wire/decode.go", "penstock/httpd/rest", false},
		{"httpd/client/client.go", "penstock/engine", false},
		{"httpd/rest/payouts.go", "penstock/httpd/wire/wiretest", false},
		{"httpd/rest/payouts_test.go", "penstock/httpd/wire/wiretest", true},
		{"store/bolt/faultfs_test.go", "penstock/store/faulty/faultfs", true},
		{"store/bolt/bolt.go", "penstock/store/faulty/faultfs", false},
		{"newplace/x.go", "penstock/store", false},
		{"store/bolt/bolt.go", "go.etcd.io/bbolt", true},
		{"store/mem/mem.go", "go.etcd.io/bbolt", false},
		{"httpd/wire/decode.go", "github.com/valyala/fasthttp", true},
		{"engine/work.go", "github.com/valyala/fasthttp", false},
		{"engine/run.go", "github.com/robfig/cron/v3", true},
		{"engine/work.go", "github.com/robfig/cron/v3", false},
		{"locker/seal.go", "golang.org/x/crypto/nacl/secretbox", true},
		{"engine/work.go", "golang.org/x/crypto/nacl/secretbox", false},
		{"httpd/cli/config_file.go", "github.com/pelletier/go-toml/v2/unstable", true},
		{"httpd/cli/serve.go", "github.com/pelletier/go-toml/v2", false},
		{"engine/work.go", "github.com/nobody/knows", false},
		{"engine/work_test.go", "pgregory.net/rapid", true},
		{"engine/work.go", "pgregory.net/rapid", false},
		{"store/storetest/suite.go", "pgregory.net/rapid", true},
		{"engine/work.go", "net/http", true},
	}
	for _, row := range rows {
		f := parseSource(t, row.file, fmt.Sprintf("package x\n\nimport _ %q\n", row.imp))
		if bad := badImports(f); (len(bad) == 0) != row.good {
			t.Errorf("%s importing %s: got %q, want allowed = %v", row.file, row.imp, bad, row.good)
		}
	}
}
