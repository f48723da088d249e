package jsonapi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"penstock/engine"
	"penstock/httpd/wire"
)

// A statement of a bank is longer than any other call. Its body is read of whoever
// may load one, which is found out before any of it is.
const (
	statementsStep   = "/statements"
	maxStatementBody = 16 << 20
	statementTime    = 2 * time.Minute // loaded again it goes on
)

// isStatement says that a call hands a bank's statement over.
func isStatement(method, path string) bool {
	id, below := strings.CutPrefix(path, accountsPath+"/")
	id, is := strings.CutSuffix(id, statementsStep)
	return method == "POST" && below && is && id != "" && !strings.Contains(id, "/")
}

// Long is how many bytes of body a call may bring beyond the server's limit, by
// its path and its Authorization; 0: it may not. It is for the server, which asks
// before it reads the body.
func (a *API) Long(method, path, authorization string) int {
	if !isStatement(method, path) {
		return 0
	}
	_, secret, err := wire.Credentials(authorization)
	if err != nil {
		return 0
	}
	who, err := a.Engine.Recognise(context.Background(), secret)
	if err != nil || who.Publishable || !who.May(engine.Admin) {
		return 0
	}
	return maxStatementBody
}

func longStatement() *fault {
	return refuse(413, "body_too_large", "The body is too large", fmt.Sprintf("The body of a statement has at most %d MiB, of a key that may load one; longer statements are loaded by penstock reconcile, on the server", maxStatementBody>>20))
}
