package codertest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// If the client hangs up during the delay, the request has no effect, whether or not its body was
// read. Otherwise it would take effect when nobody expects it any more.
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

// With Late, the request takes effect even if the client has given up.
func TestLateEffect(t *testing.T) {
	d := start(t, codertest.Options{})
	provider := d.AddProvider(codertest.Provider{Name: "sydney"})
	d.AddFault(codertest.Fault{Method: http.MethodPatch, Delay: 200 * time.Millisecond, Late: true})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		response, err := d.ask(ctx, t, http.MethodPatch, pools+"/"+provider.ID, `{"enable_net_v2": true}`)
		if err == nil {
			_ = response.Body.Close()
		}
		ended <- err
	}()
	eventually(t, "the request", func() bool { return len(d.Requests()) == 1 })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	eventually(t, "the effect", func() bool { return *d.Providers()[0].EnableNetV2 })
}
