package codertest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// A request whose client hangs up while it is delayed has no effect, its body
// read or not: else it would have one when nobody expects it any more.
func TestDelayedRequestOfAClientThatIsGone(t *testing.T) {
	d := start(t, codertest.Options{})
	provider := d.AddProvider(codertest.Provider{Name: "sydney"})
	d.AddFault(codertest.Fault{Method: http.MethodPatch, Delay: 300 * time.Millisecond})
	ctx, hangUp := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer hangUp()
	request, err := http.NewRequestWithContext(ctx, http.MethodPatch, d.URL()+"/api/private/resource-pools/"+provider.ID, strings.NewReader(`{"enable_net_v2":true}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Session-Token", d.tokens[codertest.RoleManager])
	if response, err := d.client.Do(request); err == nil {
		_ = response.Body.Close()
		t.Fatalf("it was answered: %s", response.Status)
	}
	for deadline := time.Now().Add(700 * time.Millisecond); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		if now := d.Providers()[0]; now.EnableNetV2 != nil && *now.EnableNetV2 {
			t.Fatal("it had its effect, though its client was gone")
		}
	}
}
