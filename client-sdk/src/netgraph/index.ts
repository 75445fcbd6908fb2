/** The public surface of @tickmesh/client/netgraph: instruments for development. */
export { type BadNetwork, badNetwork } from './bad-network.ts'
export { type GraphedRoom, type NetGraph, type NetGraphOptions, netGraph } from './net-graph.ts'
