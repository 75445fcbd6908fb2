import { join } from '@tickmesh/client'
import { hello } from './game.ts'

let move = { x: 0, y: 0 }
document.onpointermove = ({ x, y }) => {
  move = { x: (2 * x) / innerWidth - 1, y: (2 * y) / innerHeight - 1 }
}
const room = await join(hello, `ws://${location.host}/tickmesh`, { sample: () => ({ move }) })
room.onFrame((view) => {
  const size = (owner: number) => (owner === room.attributes.it ? 30 : 18)
  const draw = (x: number, y: number, owner: number) =>
    `<circle cx="${x}" cy="${y}" r="${size(owner)}" fill="hsl(${owner * 137} 80% 60%)" />`
  const dots = [...view.dot].map(({ x, y, owner }) => draw(x, y, owner))
  document.body.innerHTML = `<svg viewBox="-30 -30 860 660" width="100%" height="100%">${dots.join('')}</svg>`
})
