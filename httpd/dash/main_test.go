package dash_test

import (
	"os"
	"testing"

	"penstock/httpd/browsertest"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }
