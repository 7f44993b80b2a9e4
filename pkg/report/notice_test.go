package report

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

const (
	primaryURL   = "https://coder.example.com"
	satelliteURL = "https://coder-sydney.example.com"
)

func provider(name string, networking v1alpha1.NetworkingV2, adopted, total int) v1alpha1.ProviderStatus {
	return v1alpha1.ProviderStatus{
		Provider: v1alpha1.Provider{Name: name}, NetworkingV2: networking, Adoption: &v1alpha1.Adoption{Adopted: adopted, Total: total},
	}
}

func TestNotice(t *testing.T) {
	const login = "`coder login " + satelliteURL + "`"
	for name, test := range map[string]struct {
		Notice
		says, not []string
	}{
		"before": {
			Notice{
				Region: v1alpha1.RegionStatus{Name: "sydney", Providers: []v1alpha1.ProviderStatus{provider("sydney", v1alpha1.NetworkingV2Off, 0, 20)}},
				URL:    satelliteURL, When: "on Saturday from 20:00 UTC", RebuiltBySwitch: true,
			},
			[]string{
				"# Coder in sydney: a server near you is coming", "On Saturday from 20:00 UTC, a Coder server near sydney takes over the workspaces of `sydney`",
				"a workspace that runs at that time is rebuilt by itself", "Open <" + satelliteURL + ">", "instead of <" + primaryURL + ">", login, "It keeps your home directory, and nothing else",
			},
			[]string{"have changed already"},
		},
		"before, of 1.21.0": {
			Notice{
				Region: v1alpha1.RegionStatus{Name: "sydney", Providers: []v1alpha1.ProviderStatus{provider("sydney", v1alpha1.NetworkingV2Off, 0, 20)}},
				URL:    satelliteURL,
			},
			[]string{"Soon, a Coder server near sydney", "Rebuild your workspace in the dashboard after the change"},
			[]string{"rebuilt by itself"},
		},
		"afterwards": {
			Notice{
				Region: v1alpha1.RegionStatus{Name: "london", Providers: []v1alpha1.ProviderStatus{
					provider("a", v1alpha1.NetworkingV2On, 3, 4), provider("b", v1alpha1.NetworkingV2AlwaysOn, 1, 2), provider("c", v1alpha1.NetworkingV2On, 0, 0),
				}},
				URL: satelliteURL, RebuiltBySwitch: true,
			},
			[]string{"# Coder in london: a server near you\n", "`a`, `b` and `c`", "if it was not rebuilt since the change", login, "4 of 6 workspaces have changed already."},
			[]string{"Soon", "rebuilt by itself"},
		},
		"half done": {
			Notice{
				Region: v1alpha1.RegionStatus{Name: "london", Providers: []v1alpha1.ProviderStatus{
					provider("a", v1alpha1.NetworkingV2On, 3, 4), provider("b", v1alpha1.NetworkingV2Off, 0, 2),
				}},
				URL: satelliteURL,
			},
			[]string{"is coming"},
			[]string{"have changed already"},
		},
		"without a satellite": {
			Notice{Region: v1alpha1.RegionStatus{Name: "headquarters", Providers: []v1alpha1.ProviderStatus{provider("built-in", v1alpha1.NetworkingV2Off, 0, 2)}}},
			[]string{"your workspace is to be rebuilt", "You continue to connect to <" + primaryURL + ">"},
			[]string{"coder login", "near you", "bookmarks"},
		},
		"without a satellite, afterwards": {
			Notice{Region: v1alpha1.RegionStatus{Name: "headquarters", Providers: []v1alpha1.ProviderStatus{provider("built-in", v1alpha1.NetworkingV2On, 2, 2)}}},
			[]string{"Workspaces of `built-in` use Coder's new networking", "2 of 2 workspaces have changed already."},
			[]string{"coder login"},
		},
		"afterwards, of a satellite that is away": {
			Notice{
				Region: v1alpha1.RegionStatus{Name: "london", Providers: []v1alpha1.ProviderStatus{provider("a", v1alpha1.NetworkingV2AlwaysOn, 3, 4)}},
				URL:    satelliteURL,
			},
			[]string{"is coming"},
			[]string{"have changed already", "near london now"},
		},
		"of odd names": {
			Notice{
				Region: v1alpha1.RegionStatus{Name: "a_b*<c>", Providers: []v1alpha1.ProviderStatus{provider("x`y\n\n# Log in", v1alpha1.NetworkingV2On, 0, 0)}}, URL: satelliteURL,
			},
			[]string{`a\_b\*\<c>`, "`x'y # Log in`"},
			[]string{"have changed already", "\n# Log in"},
		},
		"of an odd time": {
			Notice{
				Region: v1alpha1.RegionStatus{Name: "a", Providers: []v1alpha1.ProviderStatus{provider("a", v1alpha1.NetworkingV2Off, 0, 0)}}, URL: satelliteURL,
				When: `été \[x](https://elsewhere)`,
			},
			[]string{`Été \\\[x](https://elsewhere), a Coder server`},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.PrimaryURL = primaryURL
			test.Answers = name != "afterwards, of a satellite that is away"
			text, err := test.Markdown()
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.says {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
			for _, unwanted := range test.not {
				if strings.Contains(text, unwanted) {
					t.Errorf("it says %q:\n%s", unwanted, text)
				}
			}
		})
	}
}
