package cluster

import (
	"net/http"

	"k8s.io/client-go/util/flowcontrol"
)

// Rates of requests to one API server; client-go's 5 and 10 would throttle a tool that sends many small ones at once.
const qps, burst = 50, 100

// paced bounds the rate of requests.
type paced struct {
	next http.RoundTripper
	pace flowcontrol.RateLimiter
}

// RoundTrip implements http.RoundTripper. The limiter refuses at once a turn after the context's deadline; RoundTrip
// then waits for that deadline, so that the context reports it, too.
func (p *paced) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if err := p.pace.Wait(ctx); err != nil {
		<-ctx.Done()
		return nil, inTime(ctx, err)
	}
	return p.next.RoundTrip(request)
}
