package codertest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/yamux"
)

// workspace is a workspace with its builds.
type workspace struct {
	Workspace
	build    *build          // in progress; nil if there is none
	last     *build          // the last one that has finished; nil if there is none
	fail     string          // the error of the next builds; "" if they succeed
	failOnce bool            // only the next one fails
	watchers []chan<- *build // each receives the next build, once

	agentToken string         // identifies its agent
	agent      *yamux.Session // the connected agent; nil if there is none
	devURLs    []DevURL
	oldAgent   bool   // whether builds start an agent without Networking v2
	stopAgent  func() // stops the primary's own agent; nil if there is none
}

// AddWorkspace adds a workspace, and fills in an empty ID, organization, image or state. A workspace is OFF by default.
func (p *Primary) AddWorkspace(w Workspace) Workspace {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if w.ID == "" {
		w.ID = newID()
	}
	if w.OrganizationID == "" {
		w.OrganizationID = p.orgs[0].ID
	}
	if w.ImageID == "" {
		if len(p.images) == 0 {
			p.addImage("coder/base") // coder-cli asks for the image of each
		}
		w.ImageID, w.ImageTag = p.images[0].ID, "latest"
	}
	if w.CPUCores == 0 {
		w.CPUCores, w.MemoryGB, w.DiskGB = 1, 1, 10
	}
	if w.LatestStat.ContainerStatus == "" {
		w.LatestStat.ContainerStatus = "OFF"
	}
	if w.RebuildMessages == nil {
		w.RebuildMessages = []RebuildMessage{}
	}
	w.CreatedAt, w.UpdatedAt, w.LatestStat.Time = now, now, now
	if w.LastBuiltAt.IsZero() {
		w.LastBuiltAt = now
	}
	added := &workspace{Workspace: w, agentToken: newID()}
	p.workspaces = append(p.workspaces, added)
	if w.LatestStat.ContainerStatus == "ON" {
		p.startAgent(added)
	}
	return w
}

// RemoveWorkspace removes the workspace with that ID, if it exists, and ends its agent.
func (p *Primary) RemoveWorkspace(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.workspaces = slices.DeleteFunc(p.workspaces, func(w *workspace) bool {
		if w.ID == id {
			p.stopAgent(w)
		}
		return w.ID == id
	})
}

// Workspaces returns the present workspaces.
func (p *Primary) Workspaces() []Workspace {
	p.mu.Lock()
	defer p.mu.Unlock()
	workspaces := make([]Workspace, len(p.workspaces))
	for i, w := range p.workspaces {
		workspaces[i] = w.Workspace
	}
	return workspaces
}

// FailBuilds makes the workspace's next build, or all, fail with the message. An empty message makes them work again.
// It reports whether the workspace exists.
func (p *Primary) FailBuilds(workspaceID, message string, once bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.workspace(workspaceID)
	if w != nil {
		w.fail, w.failOnce = message, once
	}
	return w != nil
}

func (p *Primary) workspace(id string) *workspace {
	for _, w := range p.workspaces {
		if w.ID == id {
			return w
		}
	}
	return nil
}

func workspaceEndpoint(id, rest string) methods {
	devURL, isDevURL := strings.CutPrefix(rest+"/", "devurls/")
	switch {
	case id == "":
		return methods{http.MethodGet: {serve: (*call).listWorkspaces}}
	case isDevURL && strings.Count(devURL, "/") <= 1:
		return devURLEndpoint(id, strings.TrimSuffix(devURL, "/"))
	case rest == "stop":
		return methods{http.MethodPut: {serve: func(c *call) error { return c.withWorkspace(id, (*call).stopWorkspace) }}}
	case rest != "":
		return nil
	default:
		return methods{
			http.MethodGet:   {serve: func(c *call) error { return c.getWorkspace(id) }},
			http.MethodPatch: {serve: func(c *call) error { return c.patchWorkspace(id) }},
		}
	}
}

// ids reads a query parameter that lists IDs, separated by commas or repeated.
func ids(r *http.Request, name string) []string {
	var list []string
	for _, value := range r.URL.Query()[name] {
		for id := range strings.SplitSeq(value, ",") {
			if id != "" {
				list = append(list, id)
			}
		}
	}
	return list
}

func (c *call) listWorkspaces() error {
	users, orgs := ids(c.r, "users"), ids(c.r, "orgs")
	c.primary.mu.Lock()
	defer c.primary.mu.Unlock()
	list := []Workspace{}
	for _, w := range c.primary.workspaces {
		if (len(users) == 0 || slices.Contains(users, w.UserID)) &&
			(len(orgs) == 0 || slices.Contains(orgs, w.OrganizationID)) && c.maySeeWorkspace(w) {
			list = append(list, w.Workspace)
		}
	}
	return c.answer(http.StatusOK, list)
}

func (c *call) maySeeWorkspace(w *workspace) bool { return w.UserID == c.user.ID || c.user.maySee() }

func (c *call) getWorkspace(id string) error {
	c.primary.mu.Lock()
	defer c.primary.mu.Unlock()
	w := c.primary.workspace(id)
	if w == nil || !c.maySeeWorkspace(w) {
		return notFound("workspace", id)
	}
	return c.answer(http.StatusOK, w.Workspace)
}

// patchWorkspace changes the fields in the body and rebuilds the workspace, like the CLI's rebuild (without fields) and
// edit.
func (c *call) patchWorkspace(id string) error {
	var body struct {
		ImageID    *string  `json:"image_id"`
		ImageTag   *string  `json:"image_tag"`
		CPUCores   *float32 `json:"cpu_cores"`
		MemoryGB   *float32 `json:"memory_gb"`
		DiskGB     *int     `json:"disk_gb"`
		GPUs       *int     `json:"gpus"`
		TemplateID *string  `json:"template_id"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	return c.withWorkspace(id, func(c *call, w *workspace) error {
		if w.build != nil {
			return refuse(http.StatusConflict, "conflict", "a build of workspace %q is under way", w.Name)
		}
		set(&w.ImageID, body.ImageID)
		set(&w.ImageTag, body.ImageTag)
		set(&w.CPUCores, body.CPUCores)
		set(&w.MemoryGB, body.MemoryGB)
		set(&w.DiskGB, body.DiskGB)
		set(&w.GPUs, body.GPUs)
		c.primary.startBuild(w)
		return c.done()
	})
}

// withWorkspace calls use, with mu held, with a workspace that the user may change: its owner, and managers.
func (c *call) withWorkspace(id string, use func(*call, *workspace) error) error {
	p := c.primary
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.workspace(id)
	switch {
	case w == nil || !c.maySeeWorkspace(w):
		return notFound("workspace", id)
	case w.UserID != c.user.ID && !c.user.canManage():
		return refuse(http.StatusForbidden, "forbidden", "only its owner and managers may change a workspace")
	}
	return use(c, w)
}

// stopWorkspace switches a workspace off, if it is not (chosen).
func (c *call) stopWorkspace(w *workspace) error {
	if w.build != nil {
		return refuse(http.StatusConflict, "conflict", "a build of workspace %q is under way", w.Name)
	}
	now := c.primary.now()
	c.primary.stopAgent(w)
	w.UpdatedAt = now
	w.LatestStat = WorkspaceStat{Time: now, LastOnline: w.LatestStat.LastOnline, ContainerStatus: "OFF"}
	return c.done()
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
