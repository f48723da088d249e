package hosted

import "penstock/httpd/wire"

func (a *API) formRoutes() []wire.Route { return nil }
