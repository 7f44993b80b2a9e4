package cluster

import (
	"net/http"

	"k8s.io/client-go/util/flowcontrol"
)

// Rates of requests to one API server. The defaults of 5 and 10 would throttle
// a tool that sends many small requests at once.
const (
	qps   = 50
	burst = 100
)

// paced bounds the rate of requests.
type paced struct {
	next http.RoundTripper
	pace flowcontrol.RateLimiter
}

// RoundTrip implements http.RoundTripper. A turn that would come after the end
// of the request's context is refused at once by the limiter; RoundTrip then waits for
// that end, so that the context, too, reports that its time has run out.
func (p *paced) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if err := p.pace.Wait(ctx); err != nil {
		<-ctx.Done()
		return nil, inTime(ctx, err)
	}
	return p.next.RoundTrip(request)
}
