package printer_test

import "github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"

// verified has a region that is reached on both paths, one that is reached only through the
// primary, and one without any attempt.
func verified() *v1alpha1.VerifyReport {
	well := func(url string, median int64) *v1alpha1.Connection {
		return &v1alpha1.Connection{URL: url, Connected: true, ConnectMicroseconds: 183_412, Candidates: []string{"relay"}, Chosen: "relay-host", RoundTrip: &v1alpha1.RoundTrip{
			Sent: 5, MinMicroseconds: median / 2, MedianMicroseconds: median, P95Microseconds: 2 * median, JitterMicroseconds: median / 10, MaxMicroseconds: 3 * median,
		}}
	}
	return &v1alpha1.VerifyReport{
		Primary: primary(), Outcome: v1alpha1.OutcomePartlyFailed,
		Regions: []v1alpha1.RegionVerification{
			{
				Name: "sydney", Provider: v1alpha1.Provider{ID: "p-1", Name: "sydney"}, Outcome: v1alpha1.OutcomeSucceeded, Workspace: "canary-sydney",
				Direct:    well("https://coder-sydney.example.com", 1_345),
				Satellite: well("https://coder-sydney.example.com", 2_345), Primary: well("https://coder.example.com", 289_123),
			},
			{
				Name: "london", Provider: v1alpha1.Provider{Name: "london-a"}, Outcome: v1alpha1.OutcomeFailed, Workspace: "canary-london",
				Satellite: &v1alpha1.Connection{
					URL: "https://coder-london.example.com", Stage: "relay",
					Message: "the TURN server cannot be reached: GET coder-london.example.com/api/private/turn: 502 bad gateway",
					Hint:    "WebSockets to /api/private/turn must pass every proxy and ingress on the way",
				},
				Primary: well("https://coder.example.com", 999),
			},
			{Name: "ohio", Provider: v1alpha1.Provider{Name: "ohio"}, Outcome: v1alpha1.OutcomeFailed, Message: `workspace "canary-ohio" is OFF: turn it on, or name another with --workspace`},
			{
				Name: "headquarters", Provider: v1alpha1.Provider{Name: "built-in"}, Outcome: v1alpha1.OutcomeSucceeded, Workspace: "canary-hq",
				Primary: well("https://coder.example.com", 777), Direct: &v1alpha1.Connection{URL: "https://coder.example.com", Stage: "peer", Message: "nothing comes through"},
			},
		},
	}
}

func hostileVerified() *v1alpha1.VerifyReport {
	return &v1alpha1.VerifyReport{Regions: []v1alpha1.RegionVerification{
		{
			Name: hostile, Provider: v1alpha1.Provider{Name: hostile}, Outcome: v1alpha1.OutcomeFailed, Workspace: hostile,
			Satellite: &v1alpha1.Connection{URL: hostile, Stage: hostile, Message: hostile, Hint: hostile, RoundTrip: &v1alpha1.RoundTrip{Sent: 5, Lost: 5}},
			Primary:   &v1alpha1.Connection{URL: hostile, Message: hostile},
		},
	}}
}
